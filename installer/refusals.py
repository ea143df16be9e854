"""What the person before a charger can do about a call of it that was refused."""

from chargepoints.choices import Refusal

REFUSALS: dict[str, str] = {
    Refusal.WRONG_PASSWORD: "It called with a password that Hub does not know.",
    Refusal.NO_PASSWORD_SET: "It called with a password that Hub does not know.",
    Refusal.NO_CREDENTIALS: "It called without a password. Switch on basic authentication (security profile 1).",
    Refusal.WRONG_USER: "Its user name is not its identity. Type the identity as user name.",
    Refusal.INACTIVE: "It is deactivated, so it is refused. Ask the operator.",
    Refusal.DOWNGRADE: "It called with a lower security profile than before. Ask the operator.",
    Refusal.BAD_CERTIFICATE: "Its certificate is not good here. Ask the operator.",
    Refusal.TOO_MANY: "It called too often. It gets in again in a minute.",
}
OTHER_REFUSAL = "It called, but not with OCPP 1.6. Check the OCPP version in the charger."

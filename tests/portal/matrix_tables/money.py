"""Drivers, keys, prices, charges, reports and the books."""

from tests.portal.matrix_tables.line import COMMANDERS, EDITORS, EVERY, MONEY, Url, desk

DRIVERS = [
    desk("drivers", of=""),
    desk("driver", of="driver"),
    Url("driver_new", get=EDITORS, post=EDITORS),
    *(Url(f"driver_{act}", of="driver", get=EDITORS, post=EDITORS) for act in ("edit", "block", "archive")),
    Url("driver_restore", of="driver", post=EDITORS),
    desk("charge_keys", of=""),
    Url("charge_key_new", get=EDITORS, post=EDITORS),
    desk("charge_keys_learn", of="", get=EDITORS),
    *(Url(f"charge_key_{act}", of="charge_key", get=EDITORS, post=EDITORS) for act in ("edit", "block", "delete")),
    Url("charge_point_local_list", of="charge_point", get=EVERY, post=COMMANDERS),
    Url("team_payment_methods", get=MONEY),
    Url("driver_method_new", of="driver", get=MONEY, post=MONEY),
    Url("team_method_new", of="team", get=MONEY, post=MONEY),
    Url("payment_method", of="payment_method", get=MONEY),
    Url("payment_method_edit", of="payment_method", get=MONEY, post=MONEY),
    Url("wallet_money", of="payment_method", get=MONEY, post=MONEY),
    Url("payment_method_default", of="payment_method", post=MONEY),
    Url("payment_method_active", of="payment_method", post=MONEY),
]
PRICES = [
    *(Url(name, get=MONEY) for name in ("price_groups", "spot_sources", "calculator")),
    *(Url(name, get=MONEY, post=MONEY) for name in ("price_group_new", "spot_source_new")),
    Url("price_group", of="price_group", get=MONEY),
    *(
        Url(name, of="price_group", get=MONEY, post=MONEY)
        for name in ("price_group_edit", "price_group_archive", "price_new")
    ),
    *(Url(name, of="price_group", post=MONEY) for name in ("price_group_restore", "price_group_use", "price_preview")),
    Url("price_edit", of="price", get=MONEY, post=MONEY),
    Url("price_delete", of="price", post=MONEY),
    Url("spot_source", of="spot_source", get=MONEY),
    *(Url(name, of="spot_source", post=MONEY) for name in ("spot_upload", "spot_store")),
    Url("api:spot_prices", of="spot_source_id", as_key=True),
    Url("site_price_group", of="site", post=MONEY),
    Url("charge_point_price_group", of="charge_point", post=MONEY),
]
CHARGES = [
    desk("charges", of=""),
    desk("charges_export", of="", form="csv"),
    desk("charges_export", of="", form="xlsx"),
    desk("charge_point_charges"),
    desk("charge_by_transaction", of="transaction"),
    desk("charge", of="charge"),
    desk("charge_meter", of="charge"),
    desk("charge_signed", of="sample"),
    Url("charge_force_stop", of="charge", get=COMMANDERS, post=COMMANDERS),
    *(
        Url("charge_review", of="charge", more={"kind": kind}, get=MONEY, post=MONEY)
        for kind in ("release", "cancel", "refund", "retry", "keep")
    ),
]
REPORTS = [
    desk("reports", of=""),
    desk("reports_export", of="", form="csv"),
    desk("reports_export", of="", form="xlsx"),
    desk("home_charging", of="", get=MONEY),
    Url("home_charger_new", get=MONEY, post=MONEY),
    Url("home_charger_edit", of="home_charger", get=MONEY, post=MONEY),
    Url("home_charger_remove", of="home_charger", get=MONEY, post=MONEY),
    desk("home_statement", of="home_driver", get=MONEY),
    desk("home_statement_export", of="home_driver", get=MONEY, form="csv"),
    desk("ledger", of="", get=MONEY),
    desk("ledger_check", of="", get=MONEY),
]
MONEY_PAGES = [*DRIVERS, *PRICES, *CHARGES, *REPORTS]

"""A photo that a phone sends: made anew, stored, and put into the job once."""

from collections.abc import Mapping

from hub.audit.records import Actor
from installer.choices import EditKind
from installer.models import JobChargePoint, JobEdit, JobLink
from installer.photo_files import photo_drop
from installer.pictures import picture_made
from installer.services.edits import DONE, Answer, Edit, edit_apply
from installer.services.photos import photo_add, photo_keep


def photo_receive(*, link: JobLink, actor: Actor, key: str, row_id: int, shows: str, data: bytes) -> Answer:
    """Take `data` as a photo of this row of the link's job, under the phone's key; the same key is answered again.

    Decoding and writing are done before the job is locked. Raises PictureRefused for what is no photo, and
    PhotoNotStored when the disk does not take it; then nothing is left, and the key has not been used.
    """
    known = JobEdit.objects.filter(link=link, key=key).first()
    if known is not None:
        return Answer(known.http_status, known.answer, is_replay=True)
    picture = picture_made(data)
    pk = photo_keep(picture)
    is_kept = False

    def add(by: Actor, row: JobChargePoint, fields: Mapping[str, str]) -> Mapping[str, object]:
        return photo_add(actor=by, row=row, kind=fields["photo_kind"], pk=pk, picture=picture)

    try:
        edit = Edit(EditKind.PHOTO, row_id, {"photo_kind": shows})
        answer = edit_apply(link=link, actor=actor, key=key, edit=edit, how=add)
        is_kept = answer.http_status == DONE and not answer.is_replay
    finally:
        if not is_kept:
            photo_drop(pk)
    return answer

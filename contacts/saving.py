"""Saves the contact of a request: what stands in its way becomes the refusal of the request."""

from contacts.change import ContactChange
from contacts.people import CONTACT_NOT_FOUND, IDENTIFIER_TAKEN, Refused
from contacts.registry import save_contacts
from contacts.uniqueness import LostRaceError
from contract.problems import ApiError, UnavailableError, refuse


def save_or_refuse(change: ContactChange, contact_id: int | None = None, actor: str = "") -> int:
    """The id of the contact. `contact_id` is that of the address, `actor` as in save_contacts().

    Raises ApiError 400, 404 for an id in the address that is nobody's, 409 for a taken identifier, 503.
    """
    try:
        [result] = save_contacts([change], actor)
    except LostRaceError as error:
        raise UnavailableError("Other requests keep changing this contact; send the request again.") from error
    if isinstance(result, Refused):
        raise _refusal(result, contact_id)
    return result.contact_id


def _refusal(refused: Refused, contact_id: int | None) -> ApiError:
    if refused.code == CONTACT_NOT_FOUND:
        # An id in the address that is nobody's is a 404; one in the body is a fault of the body.
        return refuse(refused.problems, status=404 if contact_id else 400)
    if refused.code != IDENTIFIER_TAKEN:
        return refuse(refused.problems)
    detail = refused.problems[0].detail
    if len(refused.contact_ids) > 1:
        ids = ", ".join(map(str, refused.contact_ids))
        detail = f"The identifiers belong to more than one contact ({ids}); nothing was changed."
    return ApiError(409, "", detail, refused.problems, members={"contactIds": list(refused.contact_ids)})

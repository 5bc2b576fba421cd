"""What a letter does for a complaint, and how a complaint is taken up again: each written once, whoever decides it."""

from __future__ import annotations

from collections.abc import Sequence

from hub.domain.complaint.events import ComplaintApologised, ComplaintReopened, ComplaintTold
from hub.domain.complaint.state import Complaint
from hub.domain.ids import MessageId


def done_by_letter(
    complaint: Complaint, message: MessageId, *, tells: bool, apologises: bool
) -> Sequence[ComplaintTold | ComplaintApologised]:
    """What the letter does of the two, as far as it was not done before."""
    told = ComplaintTold(complaint=complaint.id, message=message, how="letter")
    sorry = ComplaintApologised(complaint=complaint.id, message=message)
    return [
        *([told] if tells and not complaint.told else []),
        *([sorry] if apologises and not complaint.apologised else []),
    ]


def taken_up_again(complaint: Complaint, why: str, *, is_acknowledged: bool = True) -> ComplaintReopened:
    """`is_acknowledged`: False where its acknowledgement was taken back."""
    return ComplaintReopened(
        complaint=complaint.id,
        why=why,
        conversation=complaint.conversation,
        message=complaint.message,
        number=complaint.number,
        acknowledged=complaint.acknowledged and is_acknowledged,
    )

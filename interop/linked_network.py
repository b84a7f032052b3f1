"""A Lightning network of a few mints, without any I/O: invoices, payments, who was told, and a script of what happens next.

A node pays an invoice of another node of ours, of a mint that is none of ours (nutshell's fake Lightning makes
its own invoices), or of nobody here ("outside"). Money moves when a payment is `paid`; the node it was paid to
believes it when it was `told`, which is the same moment unless the script says late.
"""

import dataclasses
import hashlib
import os
import time

from bolt11 import Bolt11, Feature, Features, FeatureState, MilliSatoshi, TagChar, Tags, decode, encode

OUTSIDE = "outside"
ENDS = ("paid", "failed")
OUTCOMES = (*ENDS, "pending", "unknown")


class Refused(Exception):
    """What a Lightning node would not do."""


@dataclasses.dataclass
class Script:
    """How the next payment goes. `fee` is what it takes, above the reserve too; `late`: paid, and the payee is
    not told before `tell`; `then` after `after_s` ends one that is pending or unknown."""

    outcome: str = "paid"
    fee: int | None = None
    late: bool = False
    then: str | None = None
    after_s: float | None = None
    invoice: str | None = None  # for this invoice only


@dataclasses.dataclass
class Payment:
    payer: str
    payee: str
    invoice: str
    sats: int
    fee: int
    state: str
    late: bool
    told: bool = False
    quote: str = ""  # the payer's own name for it


@dataclasses.dataclass(frozen=True)
class Invoice:
    node: str
    text: str
    hash: str
    preimage: str
    sats: int


def read(text):
    """(payment hash, sats, when it expires) of anybody's invoice; the signature is checked on the way."""
    try:
        invoice = decode(text)
    except Exception as error:  # the decoder has many kinds
        raise Refused(f"not an invoice: {error}") from None
    if not invoice.amount_msat or invoice.amount_msat % 1000:
        raise Refused("an invoice without an amount in whole sats")
    return invoice.payment_hash, invoice.amount_msat // 1000, invoice.date + invoice.expiry


class Network:
    """`when_told(payment)` is called as it happens."""

    def __init__(self, when_told):
        self.when_told = when_told
        self.keys, self.invoices, self.payments, self.scripts = {}, {}, [], []
        self.fee, self.reserve_min, self.reserve_percent = 1, 2, 1

    def invoice(self, node, sats, description="", expiry_s=3600):
        preimage = os.urandom(32)
        hash_ = hashlib.sha256(preimage).hexdigest()
        tags = Tags()
        tags.add(TagChar.payment_hash, hash_)
        tags.add(TagChar.payment_secret, os.urandom(32).hex())
        tags.add(TagChar.description, description)
        tags.add(TagChar.expire_time, expiry_s)
        tags.add(TagChar.min_final_cltv_expiry, 18)
        tags.add(TagChar.features, Features.from_feature_list({
            Feature.var_onion_optin: FeatureState.required, Feature.payment_secret: FeatureState.required}))
        key = self.keys.setdefault(node, os.urandom(32).hex())
        text = encode(Bolt11("bc", int(time.time()), tags, MilliSatoshi(sats * 1000)), key)
        self.invoices[hash_] = Invoice(node, text, hash_, preimage.hex(), sats)
        return self.invoices[hash_]

    def reserve(self, sats):
        return max(self.reserve_min, -(-sats * self.reserve_percent // 100))

    def script(self, **how):
        script = Script(**how)
        if script.outcome not in OUTCOMES or script.then not in (None, *ENDS):
            raise Refused(f"no such outcome: {script}")
        self.scripts.append(script)

    def next_script(self, text):
        for script in self.scripts:
            if script.invoice in (None, text):
                self.scripts.remove(script)
                return script
        return Script()

    def pay(self, payer, text, quote=""):
        """By a node of ours, as the script says. Returns (payment, script)."""
        if read(text)[2] < time.time():
            raise Refused("the invoice has expired")
        script = self.next_script(text)
        return self.record(payer, text, script, quote), script

    def paid_by(self, payer, text, fee, late=False):
        """By somebody who is no node of ours and has paid: of the script only `late` can still be."""
        script = Script(late=late) if payer == OUTSIDE else self.next_script(text)
        if script.outcome != "paid":
            raise Refused(f"{payer} has paid, and the script says {script.outcome}")
        return self.record(payer, text, dataclasses.replace(script, fee=fee))

    def record(self, payer, text, script, quote=""):
        hash_, sats, _ = read(text)
        before = [payment for payment in self.payments if payment.invoice == text and payment.state != "failed"]
        if before:
            raise Refused("already paid" if before[0].state == "paid" else "payment pending")
        payee = self.invoices[hash_].node if hash_ in self.invoices else OUTSIDE
        fee = self.fee if script.fee is None else script.fee
        payment = Payment(payer, payee, text, sats, fee, script.outcome, script.late, quote=quote)
        self.payments.append(payment)
        if payment.state == "paid":
            self.settled(payment)
        return payment

    def finish(self, payment, outcome):
        if payment.state in ENDS or outcome not in ENDS:
            raise Refused(f"{payment.state} does not become {outcome}")
        payment.state = outcome
        if outcome == "paid":
            self.settled(payment)

    def settled(self, payment):
        if not payment.late:
            self.tell(payment)

    def tell(self, payment):
        """A payee that is no node of ours is told by others, who say so when it was done."""
        if payment.state != "paid":
            raise Refused(f"a payment that is {payment.state}")
        payment.late = False
        if payment.payee != OUTSIDE:
            payment.told = True
            self.when_told(payment)

    def payment(self, text):
        """The last try."""
        found = [payment for payment in self.payments if payment.invoice == text]
        if not found:
            raise Refused("nobody has paid that invoice")
        return found[-1]

    def preimage(self, payment):
        """Known for our own invoices only."""
        return next((each.preimage for each in self.invoices.values() if each.text == payment.invoice), "0" * 64)

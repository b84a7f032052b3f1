"""linked_lightning.py NODE...: a fake Lightning network that CDK's mints are joined to through their payment processor.

Every NODE is the gRPC service CdkPaymentProcessor on a port of its own, so that it is known who pays. Prints
{"ports": {node: port}}, then answers each line of JSON on standard input with one on standard output:

    {"do": "next", "outcome": "paid"|"failed"|"pending"|"unknown", ...}   the next payment (linked_network.Script)
    {"do": "finish", "invoice": I, "outcome": "paid"|"failed"}            ends one that is pending or unknown
    {"do": "tell", "invoice": I}                                          the payee of a late one hears of it
    {"do": "told", "invoice": I, "payee": NAME}                           a payee that is no node of ours has heard
    {"do": "paid_by", "payer": NAME, "invoice": I, "fee": N}              a mint of another kind has paid, or
                                                                          without a payer somebody outside
    {"do": "invoice", "sats": N}                                          of somebody outside
    {"do": "terms", "fee": N, "reserve_min": N, "reserve_percent": N}
    {"do": "payments"}                                                    the ledger

Runs in the environment of `setup.sh linked`, which compiles the stubs from CDK's source.
"""

import asyncio
import dataclasses
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(sys.prefix) / "stubs"))
import grpc  # noqa: E402
import payment_processor_pb2 as pb  # noqa: E402
import payment_processor_pb2_grpc as stubs  # noqa: E402
from linked_network import OUTSIDE, Network, Refused, read  # noqa: E402

STATES = {"paid": pb.QUOTE_STATE_PAID, "failed": pb.QUOTE_STATE_FAILED, "pending": pb.QUOTE_STATE_PENDING,
          "unknown": pb.QUOTE_STATE_UNKNOWN}


def amount(sats):
    return pb.AmountMessage(value=sats, unit="sat")


def identifier(hash_):
    return pb.PaymentIdentifier(type=pb.PAYMENT_IDENTIFIER_TYPE_PAYMENT_HASH, hash=hash_)


class Node(stubs.CdkPaymentProcessorServicer):
    """One mint's Lightning."""

    def __init__(self, name, network):
        self.name, self.network, self.listeners = name, network, set()

    async def GetSettings(self, request, context):
        return pb.SettingsResponse(unit="sat", bolt11=pb.Bolt11Settings(invoice_description=True))

    async def CreatePayment(self, request, context):
        asked = request.options.bolt11
        expires = asked.unix_expiry or int(time.time()) + 3600
        invoice = self.network.invoice(
            self.name, asked.amount.value, asked.description, max(1, expires - int(time.time())))
        return pb.CreatePaymentResponse(
            request_identifier=identifier(invoice.hash), request=invoice.text, expiry=expires)

    async def GetPaymentQuote(self, request, context):
        hash_, sats, _ = await self.or_abort(context, read, request.request)
        return pb.PaymentQuoteResponse(
            request_identifier=identifier(hash_), amount=amount(sats), fee=amount(self.network.reserve(sats)),
            state=pb.QUOTE_STATE_UNPAID)

    async def MakePayment(self, request, context):
        asked = request.payment_options.bolt11
        payment, script = await self.or_abort(context, self.network.pay, self.name, asked.bolt11, asked.quote_id)
        if script.then:
            asyncio.get_running_loop().call_later(script.after_s or 0, self.network.finish, payment, script.then)
        return self.outcome(payment)

    async def CheckIncomingPayment(self, request, context):
        invoice = self.network.invoices.get(request.request_identifier.hash)
        return pb.CheckIncomingPaymentResponse(payments=[
            self.received(payment) for payment in self.network.payments
            if invoice and payment.told and payment.invoice == invoice.text])

    async def CheckOutgoingPayment(self, request, context):
        hash_ = request.request_identifier.hash
        tries = [payment for payment in self.network.payments
                 if payment.payer == self.name and read(payment.invoice)[0] == hash_]
        return self.outcome(tries[-1]) if tries else pb.MakePaymentResponse(
            payment_identifier=identifier(hash_), status=pb.QUOTE_STATE_UNPAID, total_spent=amount(0))

    async def WaitPaymentEvent(self, request, context):
        queue = asyncio.Queue()
        self.listeners.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self.listeners.discard(queue)

    async def or_abort(self, context, function, *arguments):
        try:
            return function(*arguments)
        except Refused as why:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(why))

    def outcome(self, payment):
        paid = payment.state == "paid"
        return pb.MakePaymentResponse(
            payment_identifier=identifier(read(payment.invoice)[0]), status=STATES[payment.state],
            payment_proof=self.network.preimage(payment) if paid else None,
            total_spent=amount(payment.sats + payment.fee if paid else 0))

    def received(self, payment):
        hash_ = read(payment.invoice)[0]
        return pb.WaitIncomingPaymentResponse(
            payment_identifier=identifier(hash_), payment_amount=amount(payment.sats), payment_id=hash_)

    def emit(self, payment):
        """Only what came in: no node that CDK's mints run with sends them an event of what went out."""
        for queue in self.listeners:
            queue.put_nowait(pb.PaymentEventResponse(payment_received=self.received(payment)))


class Lightning:
    """The network, its nodes and what a line of a test asks of them."""

    def __init__(self, names):
        self.network = Network(self.when_told)
        self.nodes = {name: Node(name, self.network) for name in names}

    def when_told(self, payment):
        if payment.payee in self.nodes:
            self.nodes[payment.payee].emit(payment)

    def next(self, **how):
        self.network.script(**how)

    def finish(self, invoice, outcome="paid"):
        self.network.finish(self.network.payment(invoice), outcome)

    def tell(self, invoice):
        self.network.tell(self.network.payment(invoice))

    def told(self, invoice, payee):
        payment = self.network.payment(invoice)
        payment.payee = payee
        self.network.tell(payment)

    def paid_by(self, invoice, payer=OUTSIDE, fee=0, late=False):
        self.network.paid_by(payer, invoice, fee, late)

    def invoice(self, sats, description="", expiry_s=3600):
        return self.network.invoice(OUTSIDE, sats, description, expiry_s).text

    def terms(self, **values):
        for name, value in values.items():
            if name not in ("fee", "reserve_min", "reserve_percent"):
                raise Refused(f"no such term: {name}")
            setattr(self.network, name, value)

    def payments(self):
        return [dataclasses.asdict(payment) for payment in self.network.payments]

    def answer(self, line):
        command = json.loads(line)
        do = command.pop("do")
        try:
            return {"ok": getattr(self, do)(**command)}
        except (Refused, TypeError) as why:
            return {"error": f"{do}: {why}"}


async def main(names):
    lightning, ports, servers = Lightning(names), {}, []
    for name, node in lightning.nodes.items():
        server = grpc.aio.server()
        stubs.add_CdkPaymentProcessorServicer_to_server(node, server)
        ports[name] = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        servers.append(server)  # one that nobody holds stops
    print(json.dumps({"ports": ports}), flush=True)
    reader = asyncio.StreamReader(limit=1 << 20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        print(json.dumps(lightning.answer(line)), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))

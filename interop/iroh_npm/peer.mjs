// A stock iroh endpoint (@number0/iroh) driven by JSON lines: one command a line on stdin, one
// answer a line on stdout with the command's "seq". Lines with "event" come unasked.
//
// Loopback only: minimal preset, relay disabled, one IPv4 and one IPv6 socket on loopback.
// The package is found through $ARCHIPELAGO_IROH_NPM (its npm prefix).

import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const prefix = process.env.ARCHIPELAGO_IROH_NPM;
const require = createRequire(prefix ? `${prefix}/package.json` : import.meta.url);
const iroh = require('@number0/iroh');

const fromHex = (text) => Array.from(Buffer.from(text, 'hex'));
const toHex = (bytes) => Buffer.from(bytes).toString('hex');
const fromText = (text) => Array.from(Buffer.from(text, 'utf8'));
const pattern = (count) => Array.from({ length: count }, (_, i) => i % 251);
const say = (value) => process.stdout.write(JSON.stringify(value) + '\n');

let endpoint = null;
const connections = new Map(); // name -> Connection
const streams = new Map(); // name -> BiStream
let counter = 0;

/** The binding reports errors as text with a backtrace; only the message itself is of use. */
const brief = (error) => String(error?.message ?? error ?? '')
  .split('\n\nStack backtrace')[0].replace(/ \([^()]*\.rs:\d+:\d+\)/g, '').replace(/\s+/g, ' ');

/** The numbers inside a close text are what a test compares. */
function closeReport(error) {
  const text = brief(error);
  const report = { text };
  const alert = /handshake failed: error (\d+)/.exec(text)?.[1];
  const debugAlert = /Code::crypto\(([0-9a-f]+)\)/.exec(text)?.[1];
  const closed = /closed by peer: (?:.* \(code (\d+)\)|(\d+))/.exec(text);
  const side = /aborted by peer|closed by peer/.test(text) ? {} : { local: true };
  if (alert || debugAlert) {
    const number = alert ? Number(alert) : parseInt(debugAlert, 16);
    Object.assign(report, { kind: 'transport', code: 0x100 + number }, side);
  } else if (closed) {
    Object.assign(report, { kind: 'application', code: Number(closed[1] ?? closed[2]) });
  } else if (/refused to accept|CONNECTION_REFUSED/i.test(text)) {
    Object.assign(report, { kind: 'transport', code: 2 });
  } else if (/PROTOCOL_VIOLATION/.test(text)) {
    Object.assign(report, { kind: 'transport', code: 10 }, side);
  } else if (/timed out/i.test(text)) {
    report.kind = 'timed_out';
  } else if (/aborted by peer/.test(text)) {
    report.kind = 'transport';
  } else if (/closed/i.test(text)) {
    report.kind = 'local_close';
  }
  return report;
}

/** Codes in stream errors: "Read(Reset(7))", "Stopped(9)", "reset by peer: error 7". */
function streamCode(error) {
  const found = /(?:Reset|Stopped)\((\d+)\)|(?:reset|stopped) by peer: error (\d+)/.exec(brief(error));
  return found ? Number(found[1] ?? found[2]) : null;
}

function watchClose(name, connection) {
  connection.closed().then((reason) => {
    say({ event: 'closed', conn: name, ...closeReport(reason) });
  });
}

async function serveStreams(name, connection, mode) {
  for (;;) {
    let pair;
    try {
      pair = await connection.acceptBi();
    } catch {
      return; // the connection is closed; watchClose says how
    }
    serveStream(name, pair, mode).catch((error) => {
      say({ event: 'stream_error', conn: name, code: streamCode(error),
            text: brief(error) });
    });
  }
}

async function serveStream(name, { send, recv }, mode) {
  if (mode.stop !== undefined) {
    await recv.stop(BigInt(mode.stop));
    await send.finish();
    say({ event: 'did_stop', conn: name, code: mode.stop });
    return;
  }
  const bytes = await recv.readToEnd(64 << 20);
  say({ event: 'stream_read', conn: name, bytes: bytes.length });
  if (mode.reset !== undefined) {
    await send.reset(BigInt(mode.reset));
    say({ event: 'did_reset', conn: name, code: mode.reset });
    return;
  }
  await send.writeAll(mode.answer_hex === undefined ? bytes : fromHex(mode.answer_hex));
  await send.finish();
}

async function acceptLoop(mode) {
  for (;;) {
    const incoming = await endpoint.acceptNext();
    if (incoming === null) return;
    const validated = await incoming.remoteAddrValidated();
    say({ event: 'incoming', validated });
    if (mode.accept === 'refuse') {
      await incoming.refuse();
    } else if (mode.accept === 'ignore') {
      await incoming.ignore();
    } else if (mode.accept === 'retry' && !validated) {
      await incoming.retry();
    } else {
      accept(incoming, mode).catch((error) => {
        say({ event: 'accept_failed', ...closeReport(error) });
      });
    }
  }
}

async function accept(incoming, mode) {
  const accepting = await incoming.accept();
  const connection = await accepting.connect();
  const name = `in${++counter}`;
  connections.set(name, connection);
  say({ event: 'accepted', conn: name, peer: connection.remoteId().toString(),
        alpn: Buffer.from(connection.alpn()).toString() });
  watchClose(name, connection);
  if (mode.close !== undefined) {
    connection.close(BigInt(mode.close), fromText(mode.reason ?? ''));
    return;
  }
  if (mode.serve !== false) await serveStreams(name, connection, mode);
}

const commands = {
  async bind({ secret, alpns = [] }) {
    const builder = iroh.Endpoint.builder();
    iroh.presetMinimal(builder);
    builder.relayMode(iroh.RelayMode.disabled());
    builder.bindAddr('127.0.0.1:0');
    builder.bindAddr('[::1]:0');
    if (secret) builder.secretKey(fromHex(secret));
    builder.alpns(alpns.map(fromText));
    endpoint = await builder.bind();
    const addrs = endpoint.boundSockets();
    return { id: endpoint.id().toString(), addrs,
             addr: addrs.find((addr) => addr.startsWith('127.')) };
  },
  /** accept: accept|retry|refuse|ignore; serve: echo unless reset/stop/answer_hex; close: code. */
  async listen(options) {
    const bound = await commands.bind(options);
    acceptLoop(options).catch((error) => say({ event: 'error', text: brief(error) }));
    return bound;
  },
  async connect({ id, addrs, alpn }) {
    if (!endpoint) await commands.bind({});
    const started = performance.now();
    const peer = new iroh.EndpointAddr(iroh.EndpointId.fromString(id), null, addrs);
    let connection;
    try {
      connection = await endpoint.connect(peer, fromText(alpn));
    } catch (error) {
      return { ok: false, close: closeReport(error) };
    }
    const name = `out${++counter}`;
    connections.set(name, connection);
    watchClose(name, connection);
    return { conn: name, peer: connection.remoteId().toString(),
             alpn: Buffer.from(connection.alpn()).toString(), ms: performance.now() - started };
  },
  async open_bi({ conn }) {
    const name = `s${++counter}`;
    streams.set(name, await connections.get(conn).openBi());
    return { stream: name };
  },
  /** hex, or count bytes of the pattern i mod 251. */
  async write({ stream, hex, count }) {
    await streams.get(stream).send.writeAll(hex === undefined ? pattern(count) : fromHex(hex));
    return {};
  },
  async finish({ stream }) {
    await streams.get(stream).send.finish();
    return {};
  },
  async read_to_end({ stream, limit = 64 << 20 }) {
    const bytes = await streams.get(stream).recv.readToEnd(limit);
    const intact = bytes.every((byte, i) => byte === i % 251);
    return { bytes: bytes.length, pattern: intact,
             hex: bytes.length <= 4096 ? toHex(bytes) : undefined };
  },
  /** All of it until FIN, a reset (its code) or the end of the connection. What came before counts. */
  async drain({ stream }) {
    const { recv } = streams.get(stream);
    const sha256 = createHash('sha256');
    let bytes = 0;
    for (;;) {
      let piece;
      try {
        piece = await recv.read(1 << 16);
      } catch (error) {
        return { bytes, fin: false, reset: streamCode(error), text: brief(error) };
      }
      if (piece.length === 0) {
        return { bytes, fin: true, reset: null, sha256: sha256.digest('hex') };
      }
      bytes += piece.length;
      sha256.update(Buffer.from(piece));
    }
  },
  async reset({ stream, code }) {
    await streams.get(stream).send.reset(BigInt(code));
    return {};
  },
  async stop({ stream, code }) {
    await streams.get(stream).recv.stop(BigInt(code));
    return {};
  },
  async stopped({ stream }) {
    return { code: await streams.get(stream).send.stopped() };
  },
  async received_reset({ stream }) {
    return { code: await streams.get(stream).recv.receivedReset() };
  },
  /** Echo of `count` bytes on a new stream. */
  async echo({ conn, count }) {
    const { send, recv } = await connections.get(conn).openBi();
    const reading = recv.readToEnd(64 << 20);
    await send.writeAll(pattern(count));
    await send.finish();
    const bytes = await reading;
    return { bytes: bytes.length,
             intact: bytes.length === count && bytes.every((byte, i) => byte === i % 251) };
  },
  async idle({ ms }) {
    await new Promise((wake) => setTimeout(wake, ms));
    return {};
  },
  async close({ conn, code = 0, reason = '' }) {
    connections.get(conn).close(BigInt(code), fromText(reason));
    return {};
  },
  async stats({ conn }) {
    const connection = connections.get(conn);
    return { stats: connection.stats(), paths: connection.paths() };
  },
  async ticket({ id, addrs }) {
    const peer = new iroh.EndpointAddr(iroh.EndpointId.fromString(id), null, addrs);
    return { ticket: iroh.EndpointTicket.fromAddr(peer).toString() };
  },
  async quit() {
    if (endpoint) await endpoint.close();
    return {};
  },
};

const input = createInterface({ input: process.stdin, terminal: false });
input.on('line', async (text) => {
  if (!text.trim()) return;
  const { cmd, seq, ...options } = JSON.parse(text);
  try {
    const result = await commands[cmd](options);
    say({ seq, ok: true, ...result });
  } catch (error) {
    say({ seq, ok: false, code: streamCode(error), error: brief(error) });
  }
  if (cmd === 'quit') process.exit(0);
});
input.on('close', () => process.exit(0));

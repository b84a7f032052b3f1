#!/usr/bin/env node
// Stands in for `archipelago wallet` so that the cases themselves can be tried: the same commands and lines
// over stock cashu-ts. Good enough for honest mints and one process at a time; a file is its only journal.
//
// ARCHIPELAGO_CASHU_TS is the npm prefix, ARCHIPELAGO_STANDIN_WORDS a program that prints fresh words,
// ARCHIPELAGO_STANDIN_FLAW one of the faults the cases must notice: change, resume, counter, amount.

import { execFileSync } from 'node:child_process';
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(`${process.env.ARCHIPELAGO_CASHU_TS}/package.json`);
const cashu = await import(pathToFileURL(require.resolve('@cashu/cashu-ts')));
const { secp256k1 } = await import(pathToFileURL(require.resolve('@noble/curves/secp256k1.js')));

const say = (value) => process.stdout.write(JSON.stringify(value) + '\n');
const total = (proofs) => proofs.reduce((sum, proof) => sum + Number(proof.amount), 0);
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const fail = (code, text) => Object.assign(new Error(text), { exit: code });
const flaw = (name) => process.env.ARCHIPELAGO_STANDIN_FLAW === name;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const args = process.argv.slice(2).filter((word) => word !== '--json');
const dir = args[args.indexOf('--data-dir') + 1];
args.splice(args.indexOf('--data-dir'), 2);
const option = (name) => {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args.splice(at, 2)[1];
};
const flag = (name) => args.includes(name) && Boolean(args.splice(args.indexOf(name), 1));

mkdirSync(dir, { recursive: true });
const file = `${dir}/standin.json`;
const state = existsSync(file) ? JSON.parse(readFileSync(file)) : {
  words: execFileSync('sh', ['-c', process.env.ARCHIPELAGO_STANDIN_WORDS]).toString().trim(),
  key: hex(randomBytes(32)), mints: {}, home: null, counters: {}, ops: [] };
const save = () => writeFileSync(file, JSON.stringify(state));
save();

const books = (url) => {
  if (!state.mints[url]) throw fail(3, `unknown mint ${url}`);
  return state.mints[url];
};

async function walletOf(url, op) {
  const wallet = new cashu.Wallet(url, {
    unit: 'sat', counterInit: state.counters,
    bip39seed: pbkdf2Sync(state.words.normalize('NFKD'), 'mnemonic', 2048, 64, 'sha512') });
  wallet.on.countersReserved((range) => {
    state.counters[range.keysetId] = range.next;
    op?.ranges.push(range);
    save();
  });
  await wallet.loadMint().catch((error) => { throw fail(3, String(error)); });
  return wallet;
}

function begin(kind, mint, more = {}) {
  const op = { operation: state.ops.length + 1, kind, mint, state: 'open', ranges: [], ...more };
  state.ops.push(op);
  save();
  return op;
}

function end(op, proofs, more = {}) {
  if (proofs) state.mints[op.mint] = { ...state.mints[op.mint], proofs };
  Object.assign(op, more, { state: 'done' });
  save();
  const { operation, amount_sats, fee_sats, mint, token, preimage } = op;
  say({ operation, state: 'done', amount_sats, fee_sats, mint, token, preimage });
}

/** What is still unspent of these, and what the reserved counters bring back. */
async function recovered(wallet, op) {
  const held = books(op.mint).proofs;
  const known = new Set(held.map((proof) => proof.secret));
  const all = [...held];
  for (const { keysetId, start, count } of flaw('resume') ? [] : op.ranges) {
    const { proofs } = await wallet.restore(start, count, { keysetId });
    all.push(...proofs.filter((proof) => !known.has(proof.secret)));
  }
  if (!all.length) return [];
  const states = await wallet.checkProofsStates(all);
  return all.filter((_, i) => states[i].state === 'UNSPENT');
}

async function claim(wallet, op) {
  for (let tries = 0; ; tries += 1) {
    const quote = await wallet.checkMintQuoteBolt11(op.quote);
    if (quote.state === 'PAID') break;
    if (tries > 100) throw fail(3, 'not paid');
    await pause(100);
  }
  const proofs = await wallet.mintProofsBolt11(op.amount_sats, op.quote);
  end(op, [...books(op.mint).proofs, ...proofs]);
}

async function take(url, token, op) {
  const wallet = await walletOf(url, op);
  const got = await wallet.receive(token, { privkey: state.key }).catch((error) => {
    op.state = 'failed';
    save();
    throw fail(2, String(error));
  });
  end(op, [...books(url).proofs, ...got], { amount_sats: flaw('amount') ? op.worth : total(got), fee_sats: op.worth - total(got) });
}

const commands = {
  async mints() {
    const [verb, url] = args;
    if (verb === 'add') state.mints[url] ??= { proofs: [] };
    if (verb === 'home') state.home = url;
    save();
    if (verb === 'list') {
      for (const each of Object.keys(state.mints)) say({ url: each, trusted: true, home: each === state.home, cap_sats: 0 });
    }
  },

  async balance() {
    const mints = Object.entries(state.mints).map(([url, { proofs }]) => ({
      url, balance_sats: total(proofs), given_sats: 0, in_recovery_sats: 0, quarantined_sats: 0 }));
    say({ total_sats: mints.reduce((sum, { balance_sats }) => sum + balance_sats, 0), mints });
  },

  async mint() {
    const url = option('--mint') ?? state.home;
    const wait = !flag('--no-wait');
    books(url);
    const op = begin('mint', url, { amount_sats: Number(args[0]) });
    const wallet = await walletOf(url, op);
    const quote = await wallet.createMintQuoteBolt11(op.amount_sats);
    Object.assign(op, { quote: quote.quote });
    save();
    say({ operation: op.operation, invoice: quote.request, amount_sats: op.amount_sats, mint: url });
    if (wait) await claim(wallet, op);
  },

  async send() {
    const url = option('--mint') ?? state.home;
    const memo = option('--memo');
    const lock = option('--lock');
    const includeFees = flag('--include-fee');
    const { proofs } = books(url);
    if (total(proofs) < Number(args[0])) throw fail(7, 'insufficient');
    const op = begin('send', url);
    const wallet = await walletOf(url, op);
    const { keep, send } = await wallet.send(Number(args[0]), proofs, { includeFees },
      lock && { send: { type: 'p2pk', options: { pubkey: lock } } });
    end(op, keep, { token: cashu.getEncodedToken({ mint: url, proofs: send, unit: 'sat', memo }),
      amount_sats: total(send), fee_sats: total(proofs) - total(keep) - total(send) });
  },

  async receive() {
    const token = readFileSync(args[0] === '-' ? 0 : args[0], 'utf8').trim();
    let metadata;
    try {
      metadata = cashu.getTokenMetadata(token);
    } catch (error) {
      throw fail(2, String(error));
    }
    books(metadata.mint);
    const known = state.ops.find((op) => op.received === token && op.state === 'done');
    if (known) return say(known);
    await take(metadata.mint, token, begin('receive', metadata.mint, { worth: Number(metadata.amount), received: token }));
  },

  async reclaim() {
    const given = state.ops[Number(args[0]) - 1];
    await take(given.mint, given.token, begin('reclaim', given.mint, { worth: given.amount_sats }));
  },

  async melt() {
    const url = option('--mint') ?? state.home;
    const cap = Number(option('--max-fee') ?? Infinity);
    const op = begin('melt', url);
    const before = total(books(url).proofs);
    for (let tries = 0; ; tries += 1) {
      const wallet = await walletOf(url, op);
      const quote = await wallet.createMeltQuoteBolt11(args[0]);
      const need = Number(quote.amount) + Number(quote.fee_reserve);
      if (Number(quote.fee_reserve) > cap) throw fail(4, 'above the cap');
      if (total(books(url).proofs) < need) throw fail(7, 'insufficient');
      const { keep, send } = await wallet.send(need, books(url).proofs, { includeFees: true });
      Object.assign(op, { quote: quote.quote, amount_sats: Number(quote.amount) });
      books(url).proofs = [...keep, ...send];
      save();
      try {
        const { change } = await wallet.meltProofsBolt11(quote, send);
        const left = [...keep, ...(flaw('change') ? [] : change)];
        end(op, left, { fee_sats: before - total(left) - op.amount_sats, preimage: '' });
        return;
      } catch (error) {
        if (tries > 0 || ![11000, 12002].includes(error.code)) throw error;
      }
    }
  },

  async resume() {
    for (const op of state.ops.filter((each) => each.state === 'open')) {
      const wallet = await walletOf(op.mint, op);
      if (op.kind === 'mint') {
        const { state: now } = await wallet.checkMintQuoteBolt11(op.quote);
        if (now === 'PAID') await claim(wallet, op);
        if (now === 'UNPAID') { await pause(200); continue; }
        if (now !== 'ISSUED') continue;
      }
      end(op, await recovered(wallet, op));
    }
  },

  async restore() {
    state.words = readFileSync(option('--words'), 'utf8').trim();
    for (const url of Object.keys(state.mints)) {
      const wallet = await walletOf(url);
      const unspent = [];
      let spent = 0;
      for (const { id } of (await wallet.mint.getKeySets()).keysets) {
        const { proofs, lastCounterWithSignature } = await wallet.batchRestore(300, 100, 0, id);
        if (!proofs.length) continue;
        state.counters[id] = flaw('counter') ? 0 : lastCounterWithSignature + 1;
        const states = await wallet.checkProofsStates(proofs);
        unspent.push(...proofs.filter((_, i) => states[i].state === 'UNSPENT'));
        spent = proofs.length - unspent.length;
      }
      state.mints[url].proofs = unspent;
      save();
      say({ mint: url, restored_sats: total(unspent), spent_proofs: spent });
    }
  },

  async pubkey() { say({ pubkey: hex(secp256k1.getPublicKey(Buffer.from(state.key, 'hex'), true)) }); },
  async words() { say({ words: state.words }); },
  async history() {
    for (const op of state.ops.toReversed().slice(0, Number(option('--limit')))) say(op);
  },
  async op() { say(state.ops[Number(args[1]) - 1]); },
};

args.shift(); // "wallet"
try {
  await commands[args.shift()]();
} catch (error) {
  process.stderr.write(`${error?.message ?? error}\n`);
  process.exitCode = error.exit ?? 8;
}

// A wallet of stock @cashu/cashu-ts driven by JSON lines: one command a line on stdin, one answer a line
// on stdout with the command's "seq". Proofs are kept in memory, per mint and unit sat.
//
// The package is found through $ARCHIPELAGO_CASHU_TS (its npm prefix).

import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const prefix = process.env.ARCHIPELAGO_CASHU_TS;
const require = createRequire(prefix ? `${prefix}/package.json` : import.meta.url);
const cashu = await import(pathToFileURL(require.resolve('@cashu/cashu-ts')));
const { secp256k1 } = await import(pathToFileURL(require.resolve('@noble/curves/secp256k1.js')));

const say = (value) => process.stdout.write(JSON.stringify(value) + '\n');
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const total = (proofs) => proofs.reduce((sum, proof) => sum + Number(proof.amount), 0);
const number = (amount) => Number(amount ?? 0);

let seed = randomBytes(64);
let privkey = randomBytes(32);
let counters = cashu.createEphemeralCounterSource();
const mints = new Map(); // url -> { wallet, proofs }

const seedOf = (words) => pbkdf2Sync(words.normalize('NFKD'), 'mnemonic', 2048, 64, 'sha512');

/** A Wallet stays bound to the keyset it loaded first, even after a rotation: `refresh` makes a new one. */
async function at(url, refresh = false) {
  const known = mints.get(url);
  if (!known || refresh) {
    const wallet = new cashu.Wallet(url, { unit: 'sat', bip39seed: seed, counterSource: counters });
    await wallet.loadMint();
    mints.set(url, { wallet, proofs: known?.proofs ?? [] });
  }
  return mints.get(url);
}

async function paid(wallet, quote, deadline) {
  for (;;) {
    const now = await wallet.checkMintQuoteBolt11(quote.quote);
    if (now.state === 'PAID') return now;
    if (Date.now() > deadline) throw new Error(`quote is ${now.state}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const commands = {
  /** A fresh wallet from these words. */
  async words({ words }) {
    seed = seedOf(words);
    counters = cashu.createEphemeralCounterSource();
    mints.clear();
    return {};
  },

  async key() {
    return { pubkey: hex(secp256k1.getPublicKey(privkey, true)), privkey: hex(privkey) };
  },

  /** With `lock`: a quote only the holder of that key can claim (NUT-20). */
  async mint({ mint, amount, lock }) {
    const { wallet, proofs } = await at(mint, true);
    const quote = lock
      ? await wallet.createLockedMintQuote(amount, hex(secp256k1.getPublicKey(privkey, true)))
      : await wallet.createMintQuoteBolt11(amount);
    const ready = await paid(wallet, quote, Date.now() + 20000);
    const minted = await wallet.mintProofsBolt11(
      amount, lock ? ready : quote.quote, lock ? { privkey: hex(privkey) } : undefined);
    proofs.push(...minted);
    return { amount: total(minted), keysets: [...new Set(minted.map((proof) => proof.id))] };
  },

  /** `lock`: public key; `locktime`, `refund`; `fees`: the token bears its receiver's fee. */
  async send({ mint, amount, lock, locktime, refund, fees, memo, dleq = true }) {
    const holder = await at(mint, true);
    const outputs = lock && { send: { type: 'p2pk', options: {
      pubkey: lock, locktime, refundKeys: refund && [refund] } } };
    const { keep, send } = await holder.wallet.send(
      amount, holder.proofs, { includeFees: Boolean(fees) }, outputs || undefined);
    holder.proofs = keep;
    const token = cashu.getEncodedToken(
      { mint, proofs: send, unit: 'sat', memo }, { removeDleq: !dleq });
    return { token, amount: total(send), balance: total(keep) };
  },

  async receive({ token, secret, dleq }) {
    const { mint } = cashu.getTokenMetadata(token);
    const holder = await at(mint, true);
    const got = await holder.wallet.receive(token, {
      privkey: secret ?? hex(privkey), requireDleq: Boolean(dleq) });
    holder.proofs.push(...got);
    return { amount: total(got), mint };
  },

  async melt({ mint, invoice }) {
    const holder = await at(mint, true);
    const { wallet } = holder;
    const quote = await wallet.createMeltQuoteBolt11(invoice);
    const before = total(holder.proofs);
    const { keep, send } = await wallet.send(
      number(quote.amount) + number(quote.fee_reserve), holder.proofs, { includeFees: true });
    holder.proofs = [...keep, ...send];
    const result = await wallet.meltProofsBolt11(quote, send);
    holder.proofs = [...keep, ...result.change];
    return { state: result.quote.state, amount: number(quote.amount), change: total(result.change),
      debit: before - total(holder.proofs) };
  },

  /** Every keyset the mint ever had, each from counter 0. Spent proofs are counted apart. */
  async restore({ mint }) {
    const { wallet } = await at(mint, true);
    const found = { restored: 0, spent: 0, keysets: {} };
    const unspent = [];
    for (const { id, unit } of (await wallet.mint.getKeySets()).keysets) {
      if (unit !== 'sat') continue;
      const { proofs, lastCounterWithSignature } = await wallet.batchRestore(100, 100, 0, id);
      if (!proofs.length) continue;
      await counters.advanceToAtLeast(id, lastCounterWithSignature + 1);
      const states = await wallet.checkProofsStates(proofs);
      proofs.forEach((proof, i) => {
        if (states[i].state === 'UNSPENT') unspent.push(proof);
        else found.spent += 1;
      });
      found.keysets[id] = lastCounterWithSignature;
    }
    mints.get(mint).proofs = unspent;
    found.restored = total(unspent);
    return found;
  },

  async balance({ mint }) {
    return { balance: mints.has(mint) ? total(mints.get(mint).proofs) : 0 };
  },

  /** What the package reads in a token, without asking anyone. */
  async decode({ token }) {
    const metadata = cashu.getTokenMetadata(token);
    return { mint: metadata.mint, unit: metadata.unit, memo: metadata.memo, amount: number(metadata.amount) };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { seq, cmd, ...options } = JSON.parse(line);
  try {
    say({ seq, ok: true, ...(await commands[cmd](options)) });
  } catch (error) {
    say({ seq, ok: false, error: String(error?.message ?? error), code: error?.code ?? null });
  }
}


// W1-ts: @cashu/cashu-ts does what `wallet_bench receive` does, on what `wallet_bench token` printed.
// Prints the CPU milliseconds of each round: node wallet_cashu_ts.mjs ROUNDS TOKEN.json
//
// The package is found through $ARCHIPELAGO_CASHU_TS (its npm prefix), as in interop/cashu_npm/wallet.mjs.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(`${process.env.ARCHIPELAGO_CASHU_TS}/package.json`);
const cashu = await import(pathToFileURL(require.resolve('@cashu/cashu-ts')));

const given = JSON.parse(readFileSync(process.argv[3], 'utf8'));
const seed = Uint8Array.from(Buffer.from(given.seed, 'hex'));
const answer = JSON.stringify(given.answer);

/** What Wallet.receive() does around its request, without its counters and events. */
function receive() {
  const token = cashu.getDecodedToken(given.token, [given.keyset.id]);
  for (const proof of token.proofs) {
    if (!cashu.hasValidDleq(proof, given.keyset)) throw new Error('a DLEQ does not hold');
  }
  const amounts = token.proofs.map((proof) => proof.amount);
  const outputs = cashu.OutputData.createDeterministicData(cashu.sumProofs(token.proofs), seed, 0, given.keyset, amounts);
  const inputs = token.proofs.map(({ dleq, ...proof }) => proof);
  const body = JSON.stringify({ inputs, outputs: outputs.map((output) => output.blindedMessage) });
  const { signatures } = JSON.parse(answer);
  const proofs = outputs.map((output, i) => output.toProof(signatures[i], given.keyset)); // checks the DLEQ
  if (proofs.length !== token.proofs.length || body.length < 1000) throw new Error('not what was asked for');
}

const rounds = Number(process.argv[2]);
const times = [];
for (let i = 0; i < rounds + 2; ++i) {
  const before = process.cpuUsage();
  receive();
  const { user, system } = process.cpuUsage(before);
  if (i >= 2) times.push((user + system) / 1000); // the first two warm the compiler
}
process.stdout.write(JSON.stringify({ receive_ms: times }) + '\n');

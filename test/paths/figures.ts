// Measures TCP through links of agents against tunnels made by hand in the same namespaces, and prints what it found:
//   node test/paths/figures.ts [RUNS [MEGABYTES]]
// It takes two minutes on a quiet machine. Other work shows in the rates, and less in their ratio, the more runs there are.

import { captive } from '../../src/lab/homes.ts'
import { openStage } from './stage.ts'
import { compareDirect, compareRelayed, median } from './throughput.ts'

const [RUNS = '15', MEGABYTES = '50'] = process.argv.slice(2)
const OPTIONS = { runs: Number(RUNS), bytes: Number(MEGABYTES) * 1_000_000 }

async function main(): Promise<void> {
  await using stage = await openStage({ diagnostic: say }, captive())
  for (const compare of [compareDirect, compareRelayed]) {
    const { kind, agents, byHand, ratio } = await compare(stage, OPTIONS)
    say(`${kind}, ${OPTIONS.runs} runs of ${OPTIONS.bytes / 1_000_000} MB each, median and range in Mbit/s:`)
    say(`  agents  ${spread(agents)}`)
    say(`  by hand ${spread(byHand)}`)
    say(`  ratio   ${ratio.toFixed(3)}`)
  }
}

function spread(rates: readonly number[]): string {
  return [median(rates), Math.min(...rates), Math.max(...rates)].map((rate) => rate.toFixed()).join(', ')
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

await main()

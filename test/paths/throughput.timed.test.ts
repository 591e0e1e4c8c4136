import assert from 'node:assert/strict'
import { test } from 'node:test'
import { captive } from '../../src/lab/homes.ts'
import { skip } from '../wireguard/scene.ts'
import { openStage } from './stage.ts'
import { compareDirect, compareRelayed, median } from './throughput.ts'

/** The goal is 0.97, which `node test/paths/figures.ts` measures; so few and short runs on shared cores swing by a third. */
const LEAST = 0.6
const OPTIONS = { runs: 5, bytes: 12_000_000 }

test('links of agents carry about as much TCP as tunnels made by hand, direct and through a blind relay', {
  skip,
  timeout: 240_000,
}, async (t) => {
  await using stage = await openStage(t, captive())
  for (const compare of [compareDirect, compareRelayed]) {
    const { kind, agents, byHand, ratio } = await compare(stage, OPTIONS)
    t.diagnostic(
      `${kind}: ${median(agents).toFixed()} Mbit/s, by hand ${median(byHand).toFixed()} Mbit/s: ${ratio.toFixed(3)}`,
    )
    assert.ok(ratio >= LEAST, `${kind}: ${agents.map(Math.round)} against ${byHand.map(Math.round)} Mbit/s`)
  }
})

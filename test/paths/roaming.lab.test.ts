import assert from 'node:assert/strict'
import { test } from 'node:test'
import { roaming, rovingPort } from '../../src/lab/homes.ts'
import { startPings } from '../../src/lab/ping.ts'
import { skip } from '../wireguard/scene.ts'
import { openStage } from './stage.ts'

test('a node that moves between LANs under traffic is found again, also while no controller is there', {
  skip,
  timeout: 240_000,
}, async (t) => {
  await using stage = await openStage(t, roaming('a'))
  const { lab, addressesOf } = stage
  const [address = ''] = addressesOf('b-1')
  const pings = await startPings(lab.host('rover'), address, { count: 400, interval: 50 })
  await stage.after('it moves to b', () => lab.underlay.move('rover', rovingPort('b')), roaming('b'))
  const { sent, lost } = await pings.done
  t.diagnostic(`${lost.length} of ${sent} pings of the rover were lost, 50 ms apart`)
  assert.ok(!lost.includes(sent), 'the last ping was answered')

  await stage.killController()
  await stage.after('it moves back to a, and no controller is there', () =>
    lab.underlay.move('rover', rovingPort('a')),
  )
  await stage.after('the controller is back', () => stage.startController(), roaming('a'))
})

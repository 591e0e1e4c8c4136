import assert from 'node:assert/strict'
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { parseAddress } from '../../src/address/cidr.ts'
import { startEcho } from '../../src/agent/echo.ts'
import { type Health, Prober, type ProbeTarget } from '../../src/agent/probe.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { nodeId } from '../protocol/samples.ts'
import { HandClock } from './clock.ts'

const relay = nodeId(1)
const here: ProbeTarget = { node: relay, address: parseAddress('::1'), isClose: true }

describe('The watch over relays', () => {
  let clock: HandClock
  let echo: Socket
  let prober: Prober
  let told: [number, Health][]
  /** Milliseconds, on the clock of the test, that the echo takes. */
  let delay: number
  let isSilent: boolean
  let probes: { readonly message: Buffer; readonly from: RemoteInfo }[]

  beforeEach(async () => {
    clock = new HandClock()
    told = []
    probes = []
    delay = 0
    isSilent = false
    echo = createSocket('udp6').bind(0, '::1')
    echo.on('message', (message, from) => {
      probes.push({ message, from })
      clock.advance(delay)
      if (!isSilent) echo.send(message, from.port, from.address)
    })
    await once(echo, 'listening')
    const onChange = (_: unknown, health: Health) => void told.push([clock.monotonic(), health])
    prober = new Prober({ ownPort: 0, port: echo.address().port, clock, random: systemRandom, onChange })
  })
  afterEach(() => {
    prober.close()
    echo.close()
  })

  it('takes a relay to be alive, and says how far it is after the first answer', async () => {
    delay = 7
    prober.watch([here])
    assert.deepEqual(prober.health(relay), { alive: true, rtt: undefined })
    await answered(1)
    assert.deepEqual(told, [[7, { alive: true, rtt: 7 }]])
  })

  it('finds a closely watched relay dead after three misses, within 2 s', async () => {
    prober.watch([here])
    await answered(1)
    isSilent = true
    for (let probe = 2; probe <= 4; probe++) await beat(500, probe)
    assert.equal(prober.health(relay)?.alive, true)
    await beat(500, 5)
    assert.deepEqual(told.at(-1), [2_000, { alive: false, rtt: undefined }])
  })

  it('lets two misses pass', async () => {
    prober.watch([here])
    await answered(1)
    for (let probe = 2; probe <= 13; probe++) {
      isSilent = probe % 3 !== 0
      await beat(500, probe)
    }
    assert.equal(prober.health(relay)?.alive, true)
    assert.equal(told.length, 1)
  })

  it('takes a relay back after three good answers in a row, not before', async () => {
    await die()
    for (const [probe, silent] of [false, false, true, false, false].entries()) {
      isSilent = silent
      await beat(500, 6 + probe)
    }
    assert.equal(prober.health(relay)?.alive, false)
    await beat(500, 11)
    assert.equal(prober.health(relay)?.alive, true)
  })

  it('gives one that has never answered the time that a second handshake takes', async () => {
    isSilent = true
    prober.watch([here])
    for (let probe = 1; probe <= 13; probe++) {
      await answered(probe)
      assert.equal(prober.health(relay)?.alive, true)
      clock.advance(500)
    }
    assert.equal(prober.health(relay)?.alive, false)
    assert.equal(clock.monotonic(), 6_500)
  })

  it('asks all at once when there is reason to, which is no miss', async () => {
    prober.watch([{ ...here, isClose: false }])
    await answered(1)
    isSilent = true
    for (let probe = 2; probe <= 6; probe++) {
      prober.hurry()
      await answered(probe)
    }
    assert.equal(prober.health(relay)?.alive, true)
  })

  it('asks the others every 15 s', async () => {
    prober.watch([{ ...here, isClose: false }])
    await answered(1)
    clock.advance(14_999)
    await settle()
    assert.equal(probes.length, 1)
    await beat(1, 2)
  })

  it('asks a dead one every 3 s, and quickly once it answers', async () => {
    await die()
    prober.watch([{ ...here, isClose: false }])
    await beat(3_000, 6)
    isSilent = false
    await beat(3_000, 7)
    await beat(500, 8)
    assert.equal(prober.health(relay)?.alive, false)
    await beat(500, 9)
    assert.equal(prober.health(relay)?.alive, true)
  })

  it('keeps what it knows of a relay when it watches it more closely', async () => {
    delay = 4
    prober.watch([{ ...here, isClose: false }])
    await answered(1)
    delay = 0
    prober.watch([here])
    assert.deepEqual(prober.health(relay), { alive: true, rtt: 4 })
    await beat(500, 2)
  })

  it('counts no forged answer, no late one and none twice', async () => {
    isSilent = true
    prober.watch([here])
    await answered(1)
    const [first] = probes
    assert.ok(first)
    const reply = (message: Uint8Array) => echo.send(message, first.from.port, first.from.address)
    reply(new Uint8Array(16))
    reply(first.message.subarray(1))
    clock.advance(501)
    reply(first.message)
    await answered(2)
    assert.deepEqual(told, [])
    const second = probes[1]
    assert.ok(second)
    reply(second.message)
    reply(second.message)
    await settle()
    assert.equal(told.length, 1)
  })

  it('smooths the round trip, and tells only of changes that matter', async () => {
    delay = 100
    prober.watch([here])
    await answered(1)
    delay = 108
    await beat(400, 2)
    assert.equal(prober.health(relay)?.rtt, 101)
    assert.equal(told.length, 1)
    delay = 400
    await beat(392, 3)
    assert.equal(prober.health(relay)?.rtt, 101 + 299 / 8)
    assert.equal(told.length, 2)
  })

  it('takes a relay that there is no way to for a dead one, and goes on with the others', async () => {
    const away: ProbeTarget = { node: nodeId(2), address: parseAddress('ff0e::1'), isClose: true }
    const nowhere: ProbeTarget = { node: nodeId(3), address: parseAddress('100::1'), isClose: true }
    prober.watch([away, nowhere, here])
    for (let probe = 1; probe <= 14; probe++) {
      await answered(probe)
      clock.advance(500)
    }
    assert.equal(prober.health(nodeId(2))?.alive, false)
    assert.equal(prober.health(nodeId(3))?.alive, false)
    assert.equal(prober.health(relay)?.alive, true)
  })

  it('forgets relays that it watches no more, and sends nothing when there are none', async () => {
    prober.watch([here])
    await answered(1)
    prober.watch([])
    assert.equal(prober.health(relay), undefined)
    clock.advance(60_000)
    await settle()
    assert.equal(probes.length, 1)
    prober.watch([here])
    await answered(2)
  })

  it('is answered by the echo of a relay', async () => {
    const stop = new AbortController()
    const port = await startEcho(here.address, 0, { clock, signal: stop.signal })
    const answer = new Promise<Health>((resolve) => {
      const onChange = (_: unknown, health: Health) => resolve(health)
      const other = new Prober({ ownPort: 0, port, clock, random: systemRandom, onChange })
      other.watch([here])
      stop.signal.addEventListener('abort', () => other.close())
    })
    assert.deepEqual(await answer, { alive: true, rtt: 0 })
    stop.abort()
  })

  async function die(): Promise<void> {
    prober.watch([here])
    await answered(1)
    isSilent = true
    for (let probe = 2; probe <= 5; probe++) await beat(500, probe)
    assert.equal(prober.health(relay)?.alive, false)
  }

  async function beat(length: number, probe: number): Promise<void> {
    clock.advance(length)
    await answered(probe)
  }

  /** Waits until the echo has seen so many probes, and the prober had the time to hear the answer. */
  async function answered(count: number): Promise<void> {
    while (probes.length < count) await once(echo, 'message', { signal: AbortSignal.timeout(2_000) })
    await settle()
  }
})

/** Lets all that is under way on the loopback arrive: each turn of the event loop reads the sockets. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 10; turns++) await turn()
}

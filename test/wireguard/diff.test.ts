import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseCidr } from '../../src/address/cidr.ts'
import { desiredDevice } from '../../src/wireguard/blueprint.ts'
import type { DesiredDevice, ObservedDevice, ObservedPeer, Step } from '../../src/wireguard/device.ts'
import { diff } from '../../src/wireguard/diff.ts'
import { parseEndpoint } from '../../src/wireguard/endpoint.ts'
import { MemoryDriver } from '../../src/wireguard/memory.ts'
import type { PlannedPeer } from '../../src/wireguard/plan.ts'
import { SimulatedInterface } from '../../src/wireguard/simulated.ts'
import { desiredDevices, NOW, observedDevices } from './arbitrary.ts'
import { demoPlan, interfaceNamed, keyPair, peer, publicKey } from './fixture.ts'

const name = interfaceNamed('wfxa')
const now = { now: NOW }

function desiredOf(...peers: PlannedPeer[]): DesiredDevice {
  return desiredDevice(demoPlan(1, peers), { ...keyPair(1), listenPort: 51_820 })
}

/** The interface as it is when all that is desired has been done, with `changes` to its peers. */
function observedOf(desired: DesiredDevice, changes: Partial<ObservedPeer> = {}): ObservedDevice {
  const { privateKey, ...rest } = desired
  const fresh = { latestHandshake: 0, rxBytes: 0, txBytes: 0, hasPresharedKey: false, ...changes }
  const peers = new Map([...desired.peers.values()].map((peer) => [peer.publicKey, { ...peer, ...fresh }]))
  return { ...rest, up: true, peers }
}

function stateAfter(observed: ObservedDevice, steps: readonly Step[]): ObservedDevice {
  const simulated = new SimulatedInterface(observed)
  for (const step of steps) simulated.take(step)
  return simulated.observe()
}

describe('diff', () => {
  it('has no steps when all is as it has to be', () => {
    const desired = desiredOf(peer(2), peer(3, { keepalive: 25, endpoint: parseEndpoint('192.0.2.1:1') }))
    assert.deepEqual(diff(observedOf(desired), desired, now), [])
  })

  it('is empty after it was applied, whatever was there', async () => {
    await fc.assert(
      fc.asyncProperty(observedDevices, desiredDevices, async (observed, desired) => {
        const device = await new MemoryDriver({ devices: new Map([[name, observed]]) }).open(name)
        await device.apply(diff(observed, desired, now))
        assert.deepEqual(diff(await device.observe(), desired, now), [])
      }),
      { numRuns: 1_000 },
    )
  })

  it('leaves each peer with its own allowed IPs and keepalive, without preshared key, and no other peer', () => {
    fc.assert(
      fc.property(observedDevices, desiredDevices, (observed, desired) => {
        const { peers, ...rest } = stateAfter(observed, diff(observed, desired, now))
        const { privateKey, peers: wanted, ...shape } = desired
        assert.deepEqual(sorted(rest), sorted({ ...shape, up: true }))
        assert.deepEqual(new Set(peers.keys()), new Set(wanted.keys()))
        for (const { publicKey, allowedIps, keepalive } of wanted.values()) {
          const found = peers.get(publicKey)
          assert.deepEqual(
            [found?.allowedIps, found?.keepalive, found?.hasPresharedKey],
            [allowedIps, keepalive, false],
          )
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('keeps the order: key, port, mtu, alias, addresses, up, routes, peers, and removals at the end', () => {
    const order: readonly Step['kind'][] = [
      'set-key',
      'set-port',
      'set-mtu',
      'set-alias',
      'add-address',
      'set-up',
      'add-route',
      'set-peer',
      'remove-peer',
      'remove-route',
      'remove-address',
    ]
    fc.assert(
      fc.property(observedDevices, desiredDevices, (observed, desired) => {
        const places = diff(observed, desired, now).map(({ kind }) => order.indexOf(kind))
        assert.deepEqual(
          places,
          places.toSorted((a, b) => a - b),
        )
      }),
    )
  })

  it('says nothing of a peer that is as it has to be', () => {
    fc.assert(
      fc.property(observedDevices, desiredDevices, (observed, desired) => {
        for (const step of diff(observed, desired, now)) {
          if (step.kind !== 'set-peer') continue
          const { publicKey, ...changes } = step.peer
          const have = observed.peers.get(publicKey)
          if (have) assert.ok(Object.keys(changes).length > 0)
          for (const [field, value] of Object.entries(changes)) {
            if (field === 'removePresharedKey') assert.ok(have?.hasPresharedKey)
            else assert.notDeepEqual(have?.[field as keyof typeof have], value)
          }
        }
      }),
    )
  })

  it('reaches what is desired in two tries when any one step fails', async () => {
    await fc.assert(
      fc.asyncProperty(
        observedDevices,
        desiredDevices,
        fc.nat(20),
        async (observed, desired, failingStep) => {
          const device = await new MemoryDriver({ devices: new Map([[name, observed]]), failingStep }).open(
            name,
          )
          await device.apply(diff(observed, desired, now)).catch(() => undefined)
          await device.apply(diff(await device.observe(), desired, now))
          assert.deepEqual(diff(await device.observe(), desired, now), [])
        },
      ),
      { numRuns: 500 },
    )
  })

  it('says the removal of a preshared key and of a keepalive', () => {
    const desired = desiredOf(peer(2))
    const observed = observedOf(desired, { hasPresharedKey: true, keepalive: 25 })
    assert.deepEqual(diff(observed, desired, now), [
      { kind: 'set-peer', peer: { publicKey: publicKey(2), keepalive: 0, removePresharedKey: true } },
    ])
  })
})

describe('allowed IPs that move', () => {
  const [a, b] = [peer(2), peer(3)]

  it('are swapped between two peers', () => {
    const before = observedOf(desiredOf(a, b))
    const swapped = desiredOf({ ...a, allowedIps: b.allowedIps }, { ...b, allowedIps: a.allowedIps })
    const after = stateAfter(before, diff(before, swapped, now))
    assert.deepEqual(after.peers.get(a.publicKey)?.allowedIps, b.allowedIps)
    assert.deepEqual(after.peers.get(b.publicKey)?.allowedIps, a.allowedIps)
  })

  it('have an owner at every moment of a key rotation, and the old key goes last', () => {
    const before = observedOf(desiredOf(a, b))
    const rotated = desiredOf({ ...a, publicKey: publicKey(4) }, b)
    const steps = diff(before, rotated, now)
    assert.deepEqual(steps, [
      { kind: 'set-peer', peer: { publicKey: publicKey(4), allowedIps: a.allowedIps } },
      { kind: 'remove-peer', publicKey: a.publicKey },
    ])
    for (const taken of [1, 2]) {
      const { peers } = stateAfter(before, steps.slice(0, taken))
      const owned = [...peers.values()].flatMap((one) => one.allowedIps)
      assert.deepEqual(owned.toSorted(), [...a.allowedIps, ...b.allowedIps].toSorted())
    }
  })

  it('are one step for the peer that gets them, and none for one that only loses them', () => {
    const wide = peer(2, { allowedIps: [...a.allowedIps, parseCidr('10.9.0.0/16')] })
    const before = observedOf(desiredOf(wide, b))
    const moved = [parseCidr('10.0.3.0/24'), parseCidr('10.9.0.0/16'), parseCidr('fd12:3456:789a:3::/64')]
    const desired = desiredOf(a, { ...b, allowedIps: moved })
    assert.deepEqual(diff(before, desired, now), [
      { kind: 'set-peer', peer: { publicKey: b.publicKey, allowedIps: moved } },
    ])
  })

  it('come back from a peer that was added by hand and took them', () => {
    const desired = desiredOf(a, b)
    const thief = { publicKey: publicKey(9), allowedIps: a.allowedIps }
    const robbed = stateAfter(observedOf(desired), [{ kind: 'set-peer', peer: thief }])
    assert.deepEqual(robbed.peers.get(a.publicKey)?.allowedIps, [])
    assert.deepEqual(diff(robbed, desired, now), [
      { kind: 'set-peer', peer: { publicKey: a.publicKey, allowedIps: a.allowedIps } },
      { kind: 'remove-peer', publicKey: publicKey(9) },
    ])
  })
})

describe('a peer without allowed IPs', () => {
  const witness = peer(2, { allowedIps: [], keepalive: 25, endpoint: parseEndpoint('192.0.2.1:1') })

  it('is added without a word of them, and is then as it has to be', () => {
    const before = observedOf(desiredOf(peer(3)))
    const desired = desiredOf(peer(3), witness)
    const steps = diff(before, desired, now)
    const { publicKey, endpoint, keepalive } = witness
    assert.deepEqual(steps, [{ kind: 'set-peer', peer: { publicKey, endpoint, keepalive } }])
    assert.deepEqual(diff(stateAfter(before, steps), desired, now), [])
  })

  it('loses those it had, and gets those that it shall have', () => {
    const [plain, witnessing] = [desiredOf(peer(2)), desiredOf({ ...peer(2), allowedIps: [] })]
    const change = (allowedIps: unknown) => [
      { kind: 'set-peer', peer: { publicKey: publicKey(2), allowedIps } },
    ]
    assert.deepEqual(diff(observedOf(plain), witnessing, now), change([]))
    assert.deepEqual(diff(observedOf(witnessing), plain, now), change(peer(2).allowedIps))
  })
})

describe('a route of a peer of its own', () => {
  const narrow = (mtu?: number) => desiredOf(peer(2, { mtu }), peer(3))
  const [range4, range6] = peer(2).allowedIps
  const route = (mtu: number | undefined, replaces: boolean) =>
    [range4, range6].map((route) => ({ kind: 'add-route', route, mtu, replaces }))

  it('comes with a path narrower than the interface, changes in place, and goes when the path is as wide', () => {
    assert.deepEqual(diff(observedOf(narrow()), narrow(1328), now), route(1328, false))
    assert.deepEqual(diff(observedOf(narrow(1328)), narrow(1280), now), route(1280, true))
    const gone = [range4, range6].map((route) => ({ kind: 'remove-route', route }))
    assert.deepEqual(diff(observedOf(narrow(1280)), narrow(1420), now), gone)
  })

  it('never leaves an address of the network without a route while it changes', () => {
    fc.assert(
      fc.property(observedDevices, desiredDevices, (observed, desired) => {
        const steps = diff(observed, desired, now)
        const kept = [...desired.routes.keys()].filter((range) => observed.routes.has(range))
        for (let taken = 0; taken <= steps.length; taken += 1) {
          const { routes } = stateAfter(observed, steps.slice(0, taken))
          for (const range of kept) assert.ok(routes.has(range))
        }
      }),
    )
  })
})

describe('the endpoint of a peer', () => {
  const [planned, roamed, next] = ['192.0.2.1:1', '198.51.100.7:40000', '192.0.2.2:2'].map(parseEndpoint)
  const desired = desiredOf(peer(2, { endpoint: planned }))
  const moved = (ageSeconds: number) =>
    observedOf(desired, { endpoint: roamed, latestHandshake: NOW / 1000 - ageSeconds })
  const change = (endpoint: unknown) => [{ kind: 'set-peer', peer: { publicKey: publicKey(2), endpoint } }]

  it('is left alone while the session lives, also when nobody knows what was desired before', () => {
    assert.deepEqual(diff(moved(179), desired, { ...now, previous: desired }), [])
    assert.deepEqual(diff(moved(179), desired, now), [])
  })

  it('is put right when the session has ended or there never was one', () => {
    assert.deepEqual(diff(moved(180), desired, { ...now, previous: desired }), change(planned))
    assert.deepEqual(diff(observedOf(desired, { endpoint: roamed }), desired, now), change(planned))
  })

  it('is changed in a living session when another one is desired than before', () => {
    const replanned = desiredOf(peer(2, { endpoint: next }))
    assert.deepEqual(diff(moved(1), replanned, { ...now, previous: desired }), change(next))
    assert.deepEqual(diff(moved(1), desired, { ...now, previous: desiredOf(peer(2)) }), change(planned))
    assert.deepEqual(diff(moved(1), desired, { ...now, previous: desiredOf() }), change(planned))
  })

  it('is left as it is when none is desired', () => {
    assert.deepEqual(diff(moved(1_000), desiredOf(peer(2)), { ...now, previous: desired }), [])
  })
})

function sorted({ addresses, ...rest }: Omit<ObservedDevice, 'peers'>) {
  return { ...rest, addresses: addresses.toSorted() }
}

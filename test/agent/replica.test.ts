import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { PeerBook } from '../../src/agent/peer-book.ts'
import { memberPlan, peeringsOf } from '../../src/agent/plan.ts'
import { Replica } from '../../src/agent/replica.ts'
import { Identity } from '../../src/keys/identity.ts'
import { systemRandom } from '../../src/keys/random.ts'
import { seal } from '../../src/keys/seal.ts'
import { SecretBytes } from '../../src/keys/secret.ts'
import type { SigningKey } from '../../src/keys/signature.ts'
import { toBase64Url } from '../../src/keys/text.ts'
import { createKeyPair } from '../../src/keys/wireguard.ts'
import { memberKeyPlace } from '../../src/model/place.ts'
import type { Allowance } from '../../src/model/policy.ts'
import { type Signed, signDelta, signHead, signSelf } from '../../src/protocol/content.ts'
import { encodeFilter, type Filter } from '../../src/protocol/filter.ts'
import { encodeFilterPart, type FilterPart } from '../../src/protocol/filter-part.ts'
import { type Group, toGroup } from '../../src/protocol/group.ts'
import type { MemberRecord } from '../../src/protocol/record.ts'
import { View } from '../../src/protocol/view.ts'
import {
  controllerKey,
  encoded,
  head,
  network,
  nodeId,
  otherKey,
  record,
  selfContent,
} from '../protocol/samples.ts'

const identity = new Identity(new SecretBytes(new Uint8Array(32).fill(9)))
const pair = createKeyPair(systemRandom)
const own: MemberRecord = { ...record(200, 2), node: identity.id, publicKey: pair.publicKey }

describe('What a node knows of a network', () => {
  let replica: Replica
  beforeEach(() => {
    replica = new Replica(network, identity, controllerKey.publicKey)
    replica.takeSelf(selfFrame())
    replica.takeSnapshot(snapshot(10, [1, 2, 3]))
  })

  it('becomes a plan once it has its own record and the others', () => {
    assert.equal(peeringsOf(replica).length, 3)
    assert.ok(memberPlan(replica, new PeerBook(), undefined))
    assert.equal(replica.keys?.publicKey, pair.publicKey)
    const empty = new Replica(network, identity, controllerKey.publicKey)
    assert.equal(memberPlan(empty, new PeerBook(), undefined), undefined)
  })

  it('follows deltas to the digest of a snapshot of the same members', () => {
    assert.equal(
      replica.takeDelta(delta({ from: 10, to: 12, members: [2, 3, 4], upserts: [4], removals: [1] })),
      'changed',
    )
    assert.equal(replica.position()?.digest, View.of([2, 3, 4].map((number) => encoded(number))).digest())
    assert.equal(replica.position()?.revision, 12)
  })

  it('asks for a snapshot when a delta is missing, and does not mind doubled and late ones', () => {
    const first = delta({ from: 10, to: 11, members: [1, 2, 3, 4], upserts: [4] })
    const second = delta({ from: 11, to: 12, members: [1, 2, 3, 4, 5], upserts: [5] })
    assert.equal(replica.takeDelta(second), 'gap')
    assert.equal(replica.takeDelta(first), 'changed')
    assert.equal(replica.takeDelta(first), 'unchanged')
    assert.equal(replica.takeDelta(second), 'changed')
    assert.equal(replica.takeDelta(first), 'unchanged')
    assert.equal(replica.position()?.revision, 12)
  })

  it('is left for a removal as of what it has shown, where what came last is too long for that', () => {
    const long = delta({ from: 10, to: 12, members: [1, 2, 3, 4], upserts: Array(500).fill(4) })
    replica.takeDelta(long)
    const shown = { epoch: 1, revision: 10 }
    assert.equal(replica.isCoveredBy(shown), false, 'nothing was shown')
    assert.deepEqual(replica.show(), { ...proofOf(snapshot(10, [1, 2, 3])), kind: 'head' })
    assert.ok(replica.isCoveredBy(shown))
    replica.takeDelta(delta({ from: 12, to: 13, members: [1, 2, 3], removals: [4] }))
    assert.equal(replica.isCoveredBy(shown), false, 'a late one, for it is a member again')
  })

  it('shows its own record where that is of a later point than the last head, and is left as of that', () => {
    replica.takeSelf(selfFrame({ epoch: 2 }))
    assert.ok(replica.selfProof)
    assert.deepEqual(replica.show(), replica.selfProof)
    assert.equal(replica.isCoveredBy({ epoch: 1, revision: 10 }), false)
    assert.ok(replica.isCoveredBy({ epoch: 2, revision: own.revision }))
    replica.takeSnapshot(snapshot(3, [1], controllerKey, 2))
    assert.equal(replica.show()?.kind, 'head')
  })

  it('takes the hints of a delta that leads to where it is: it may be the later of two', () => {
    const first = delta({ from: 10, to: 11, members: [1, 2, 3, 4], upserts: [4] })
    replica.takeDelta(first)
    const second = { ...first, hints: [{ node: nodeId(4), direct: ['198.51.100.4:51820'] }] }
    assert.equal(replica.takeDelta(second), 'changed')
    assert.equal(replica.reachOf(nodeId(4))?.direct.length, 1)
    assert.equal(replica.takeDelta(second), 'unchanged')
  })

  it('refuses what another key signed, and stays as it was', () => {
    unchanged(() => {
      assert.throws(() => replica.takeSnapshot(snapshot(11, [1], otherKey)), { code: 'digest-mismatch' })
      const forged = delta({ from: 10, to: 11, members: [1, 2, 3, 4], upserts: [4], key: otherKey })
      assert.throws(() => replica.takeDelta(forged), { code: 'digest-mismatch' })
      assert.throws(() => replica.takeSelf(selfFrame({ key: otherKey })), { code: 'digest-mismatch' })
    })
  })

  it('refuses a replayed older snapshot, so that a removed member does not come back', () => {
    const old = snapshot(9, [1, 2, 3, 66])
    unchanged(() => assert.throws(() => replica.takeSnapshot(old), { code: 'stale-revision' }))
  })

  it('refuses an older epoch, whatever its revision, and takes a newer one, whatever its revision', () => {
    replica.takeSnapshot(snapshot(3, [1], controllerKey, 2))
    unchanged(() =>
      assert.throws(() => replica.takeSnapshot(snapshot(99, [1, 2])), { code: 'stale-revision' }),
    )
    assert.equal(replica.position()?.epoch, 2)
  })

  it('refuses a snapshot to which a record was added, or from which one was taken', () => {
    const honest = snapshot(11, [1, 2, 3])
    const added = { ...honest, records: [...honest.records, toBase64Url(encoded(4))] }
    const cut = { ...honest, records: honest.records.slice(1) }
    unchanged(() => {
      assert.throws(() => replica.takeSnapshot(added), { code: 'digest-mismatch' })
      assert.throws(() => replica.takeSnapshot(cut), { code: 'digest-mismatch' })
    })
  })

  it('refuses what is signed for another network or another node', () => {
    const other = new Replica(`net-${'b'.repeat(16)}` as typeof network, identity, controllerKey.publicKey)
    assert.throws(() => other.takeSelf(selfFrame()), { code: 'protocol-error' })
    assert.throws(() => other.takeSnapshot(snapshot(10, [1])), { code: 'protocol-error' })
    const signed = signSelf(selfContent({ ...own, node: nodeId(5) }), controllerKey)
    assert.throws(() => replica.takeSelf({ type: 'self', ...signed, sealedKey: sealedKey(1) }), {
      code: 'protocol-error',
    })
  })

  it('refuses a private key that is sealed for another version, or that does not fit the public key', () => {
    unchanged(() => {
      assert.throws(() => replica.takeSelf(selfFrame({ sealed: sealedKey(2) })), { code: 'digest-mismatch' })
      assert.throws(() => replica.takeSelf(selfFrame({ sealed: 'AAAA' })), { code: 'digest-mismatch' })
      const stranger = { ...own, publicKey: record(77).publicKey }
      assert.throws(() => replica.takeSelf(selfFrame({ record: stranger })), { code: 'digest-mismatch' })
    })
  })

  it('passes over endpoints that are none', () => {
    const bad = ['host.example:51820', '-evil', '192.0.2.1:0', '192.0.2.1:51820 ; reboot']
    replica.takeHints({ hints: [{ node: nodeId(1), direct: [...bad, '192.0.2.1:51820'], outside: '-evil' }] })
    assert.deepEqual(replica.reachOf(nodeId(1)).direct, ['192.0.2.1:51820'])
    assert.equal(replica.reachOf(nodeId(1)).outside, undefined)
    replica.takeLan({ hints: [{ node: nodeId(2), endpoints: [...bad, '192.168.1.2:51820'] }] })
    assert.deepEqual(replica.lanOf(nodeId(2)), ['192.168.1.2:51820'])
  })

  it('takes of a LAN what is new, touches nobody else, and passes itself over; late and doubled parts heal with the whole', () => {
    const at = (number: number, ...endpoints: string[]) => ({ node: nodeId(number), endpoints })
    const whole = { hints: [at(1, '192.168.1.1:5'), at(2, '192.168.1.2:5')] }
    const lan = () => replica.resumePosition()?.lan
    assert.equal(lan(), undefined)
    replica.takeTouched()
    assert.equal(replica.takeLan(whole), 'changed')
    assert.deepEqual(replica.takeTouched(), new Set([nodeId(1), nodeId(2)]))
    const [before, first] = [lan(), replica.lanOf(nodeId(1))]
    const more = {
      hints: [at(3, '192.168.1.3:5'), { node: identity.id, endpoints: ['192.168.1.9:5'] }],
      part: true as const,
    }
    assert.equal(replica.takeLan(more), 'changed')
    assert.equal(replica.takeLan(more), 'unchanged')
    assert.deepEqual(replica.takeTouched(), new Set([nodeId(3)]))
    assert.equal(replica.lanOf(nodeId(1)), first)
    assert.deepEqual(replica.lanOf(identity.id), [])
    assert.notEqual(lan(), before)
    assert.equal(replica.takeLan({ hints: [at(3), at(4)], part: true }), 'changed')
    assert.equal(lan(), before)
    replica.takeLan(more)
    assert.equal(replica.takeLan({ hints: [at(2, '192.168.1.2:6')] }), 'changed')
    assert.deepEqual(replica.lanOf(nodeId(1)), [])
    const kept = new Replica(network, identity, controllerKey.publicKey)
    for (const frame of replica.apart) {
      if (frame.type === 'self') kept.takeSelf(frame)
      if (frame.type === 'lan') kept.takeLan(frame)
    }
    const { digest, lan: known } = kept.resumePosition() ?? {}
    assert.deepEqual([digest, known], [undefined, lan()])
    kept.takeSnapshot(snapshot(10, [1, 2, 3]))
    assert.equal(kept.resumePosition()?.lan, lan())
    assert.equal(replica.takeLan({ hints: [] }), 'changed')
    assert.equal(lan(), undefined)
  })

  it('takes how a filter changed if what comes of it is signed, and asks for all of it if not, or where it has none', () => {
    const [one, other] = [1, 2].map((number) => toGroup(new Uint8Array(8).fill(number)))
    if (!one || !other) assert.fail()
    const before: Filter = { others: [], groups: new Map([[one, 'everything']]) }
    const after: Filter = { others: [], groups: new Map([[other, 'everything']]) }
    const first = { ...snapshot(11, [1, 2]), filter: toBase64Url(encodeFilter(before)) }
    replica.takeSnapshot({ ...first, ...signHead(filtered(11, [1, 2], before), controllerKey) })
    const change = (part: FilterPart) => {
      const content = { head: filtered(12, [1, 2], after), from: 11, upserts: [], removals: [] }
      const filterPart = toBase64Url(encodeFilterPart(part))
      return { type: 'delta' as const, ...signDelta(content, controllerKey), filterPart }
    }
    unchanged(() => assert.throws(() => replica.takeDelta(change(new Map([[other, []]]))), MISMATCH))
    assert.deepEqual(replica.filter, before)
    const right = change(
      new Map<Group, Allowance | undefined>([
        [one, undefined],
        [other, 'everything'],
      ]),
    )
    assert.equal(replica.takeDelta(right), 'changed')
    assert.deepEqual(replica.filter, after)
    replica.takeSnapshot(snapshot(13, [1, 2]))
    const late = {
      ...right,
      ...signDelta({ head: filtered(14, [1, 2], after), from: 13, upserts: [], removals: [] }, controllerKey),
    }
    unchanged(() => assert.throws(() => replica.takeDelta(late), MISMATCH))
  })

  it('takes its time, epoch and revision from the word that it has what there is, unless it has something else', () => {
    assert.equal(
      replica.takeCurrent({ type: 'current', ...signHead(head(10, [1, 2, 3]), controllerKey) }),
      'unchanged',
    )
    assert.equal(
      replica.takeCurrent({ type: 'current', ...signHead(head(4, [1, 2, 3], 2), controllerKey) }),
      'changed',
    )
    assert.deepEqual([replica.position()?.epoch, replica.position()?.revision], [2, 4])
    assert.equal(
      replica.takeCurrent({ type: 'current', ...signHead(head(11, [1, 2], 2), controllerKey) }),
      'gap',
    )
  })

  it('keeps where members were when that is not told any more, and says by a digest what it was told', () => {
    const hint = (number: number) => ({ node: nodeId(number), direct: [`192.0.2.${number}:51820`] })
    assert.equal(replica.takeHints({ hints: [hint(1), hint(2)] }), 'changed')
    assert.equal(replica.takeHints({ hints: [hint(2)] }), 'unchanged')
    const both = replica.resumePosition()?.hints
    assert.equal(replica.takeHints({ hints: [hint(2)], whole: true }), 'changed')
    assert.notEqual(replica.resumePosition()?.hints, both)
    assert.deepEqual(replica.reachOf(nodeId(1)).direct, ['192.0.2.1:51820'])
  })

  it('makes a snapshot of what it has under a head that was signed for it', () => {
    replica.takeDelta(delta({ from: 10, to: 11, members: [1, 2, 3, 4], upserts: [4] }))
    const current = { type: 'current', ...signHead(head(11, [1, 2, 3, 4]), controllerKey) } as const
    const fresh = new Replica(network, identity, controllerKey.publicKey)
    fresh.takeSelf(selfFrame())
    assert.equal(fresh.takeSnapshot(replica.toSnapshot(current)), 'changed')
    assert.deepEqual(fresh.resumePosition(), replica.resumePosition())
  })

  function unchanged(act: () => void): void {
    const before = JSON.stringify([replica.position(), replica.others()])
    act()
    assert.equal(JSON.stringify([replica.position(), replica.others()]), before)
  }
})

const MISMATCH = { code: 'digest-mismatch' }

function filtered(revision: number, members: readonly number[], filter: Filter) {
  const digest = View.of(
    members.map((number) => encoded(number)),
    encodeFilter(filter),
  ).digest()
  return { ...head(revision, members), digest }
}

function snapshot(revision: number, members: readonly number[], key: SigningKey = controllerKey, epoch = 1) {
  const records = members.map((number) => toBase64Url(encoded(number)))
  return { type: 'snapshot' as const, ...signHead(head(revision, members, epoch), key), records, hints: [] }
}

interface DeltaSample {
  readonly from: number
  readonly to: number
  /** Members after the delta. */
  readonly members: readonly number[]
  readonly upserts?: readonly number[]
  readonly removals?: readonly number[]
  readonly key?: SigningKey
}

function delta({ from, to, members, upserts = [], removals = [], key = controllerKey }: DeltaSample) {
  const content = {
    head: head(to, members),
    from,
    upserts: upserts.map((number) => encoded(number)),
    removals: removals.map(nodeId),
  }
  return { type: 'delta' as const, ...signDelta(content, key) }
}

function proofOf({ body, signature }: Signed) {
  return { type: 'proof' as const, network, body, signature }
}

function selfFrame({ key = controllerKey, sealed = sealedKey(1), record: of = own, epoch = 1 } = {}) {
  return { type: 'self' as const, ...signSelf({ ...selfContent(of), epoch }, key), sealedKey: sealed }
}

function sealedKey(version: number): string {
  const place = memberKeyPlace(network, identity.id, version)
  return Buffer.from(seal(pair.privateKey, identity.sealing.publicKey, place)).toString('base64')
}

import fc from 'fast-check'
import { DEFAULT_PROJECT, type ProjectId } from '../../../src/model/names.ts'
import type { Policy, Rule } from '../../../src/model/policy.ts'
import type { Role, Topology } from '../../../src/model/state.ts'
import { nodeId } from '../../protocol/samples.ts'
import type { Someone } from './twin.ts'

/** A project that does not own the network. */
const GUEST = `prj-${'b'.repeat(16)}` as ProjectId

/** So many nodes there are in the worlds of these tests. */
const NODES = 6

export const label = fc.record(
  { role: fc.constantFrom('web', 'db'), env: fc.constantFrom('a', 'b') },
  { requiredKeys: [] },
)
/** Few are guests. */
const home = fc.constantFrom(DEFAULT_PROJECT, DEFAULT_PROJECT, DEFAULT_PROJECT, GUEST)
const roles = fc.subarray<Role>(['gateway', 'hub', 'relay'])

export const someone: fc.Arbitrary<Someone> = fc
  .record({ number: fc.integer({ min: 1, max: NODES }), labels: label, roles, project: home })
  .map(({ number, ...rest }) => ({ id: nodeId(number), ...rest }))

const range = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 3 }))
  .map(([first, more]) => ({ first, last: first + more }))

const limits = fc.oneof(
  fc.constant({}),
  fc.record({ protocols: fc.subarray(['tcp', 'udp', 'icmp'] as const, { minLength: 1 }) }),
  fc.record({ ports: fc.array(range, { minLength: 1, maxLength: 3 }) }),
  fc.record({
    protocols: fc.subarray(['tcp', 'udp'] as const, { minLength: 1 }),
    ports: fc.array(range, { minLength: 1, maxLength: 2 }),
  }),
)

/** @param node selectors of one node each */
export function policyOver(node: fc.Arbitrary<string>): fc.Arbitrary<Policy> {
  const selector = fc.oneof(
    { weight: 1, arbitrary: fc.constant('*') },
    { weight: 4, arbitrary: fc.constantFrom('role=web', 'role=db', 'env=a', 'env=b') },
    { weight: 2, arbitrary: fc.constantFrom('env=a,role=web', 'env=b,role=db', 'env=a,role=db') },
    { weight: 2, arbitrary: node },
  )
  const rule: fc.Arbitrary<Rule> = fc
    .record({ from: selector, to: selector, limits })
    .map(({ from, to, limits }) => ({ from, to, ...limits }))
  return fc.record({
    default: fc.constantFrom('allow' as const, 'deny' as const, 'deny' as const),
    rules: fc.array(rule, { maxLength: 5 }),
  })
}

export const policy = policyOver(fc.integer({ min: 1, max: NODES }).map(nodeId))

export const topology = fc.constantFrom<Topology>('mesh', 'mesh', 'mesh', 'hub', 'sites', 'transit')

import { WeftError } from '../../errors.ts'
import { type NodeId, parseNodeId } from '../../keys/identity.ts'
import type { NetworkId } from '../../model/names.ts'
import { PORTED, type Policy, type PortRange, type Protocol, type Rule } from '../../model/policy.ts'
import { parseSelector, selectorText } from '../../model/selector.ts'
import type { State } from '../../model/state.ts'
import type { Decision } from '../tools.ts'
import { assertNotSystem } from './network.ts'

/** A policy as it is handed in: selectors may name nodes, ports are numbers and texts such as `8000-8100`. */
export interface PolicyInput {
  readonly default: Policy['default']
  readonly rules: readonly RuleInput[]
}

interface RuleInput {
  readonly from: string
  readonly to: string
  readonly protocols?: readonly Protocol[]
  readonly ports?: readonly (number | string)[]
}

/**
 * Decides the policy of a network, in place of the one it has. Throws `invalid-input` with the rule and its field for what
 * cannot be understood, and `forbidden` for the transit.
 */
export function setPolicy(state: State, id: NetworkId, input: PolicyInput): Decision<NetworkId> {
  assertNotSystem(state, id)
  const named = namesFor(state, id)
  const rules = input.rules.map((rule, at) => readRule(named, rule, `rules.${at}`))
  const policy: Policy = { default: input.default, rules }
  const isSame = JSON.stringify(policy) === JSON.stringify(state.networks.get(id)?.policy)
  return { events: isSame ? [] : [{ type: 'network-policy-set', network: id, policy }], result: id }
}

/** The node of this name, as the owner of the network calls it. */
type Named = (name: string) => NodeId | undefined

function namesFor(state: State, id: NetworkId): Named {
  const project = state.networks.get(id)?.project
  const names = project && state.nodesByName.get(project)
  return (name) => names?.get(name)
}

function readRule(named: Named, { from, to, protocols, ports }: RuleInput, field: string): Rule {
  const portless = protocols?.find((protocol) => !PORTED.includes(protocol))
  if (ports && portless) {
    throw new WeftError('invalid-input', `The rule ${field} limits ports, and ${portless} has none.`, {
      field: `${field}.protocols`,
      advice: `Write two rules: one for ${PORTED.join(' and ')} with the ports, and one for ${portless}.`,
    })
  }
  return {
    from: readSelector(named, from, `${field}.from`),
    to: readSelector(named, to, `${field}.to`),
    ...(protocols && { protocols: [...new Set(protocols)].toSorted() }),
    ...(ports && { ports: ports.map((port, at) => readPorts(port, `${field}.ports.${at}`)) }),
  }
}

/**
 * A name becomes the id of the node that has it now: nodes choose their names when they join, so a name in a policy would
 * be a door for whoever takes it next. Ids of nodes that are gone stay, and match nobody.
 */
function readSelector(named: Named, text: string, field: string): string {
  const isName = text !== '*' && !text.includes('=') && !parseNodeId(text)
  const selector = parseSelector(isName ? nodeNamed(named, text, field) : text)
  if (selector) return selectorText(selector)
  throw new WeftError('invalid-input', `'${text}' in ${field} is no selector.`, {
    field,
    advice: 'Write *, label=value, label=value,label2=value2, or the name or id of a node.',
  })
}

function nodeNamed(named: Named, name: string, field: string): NodeId {
  const id = named(name)
  if (id) return id
  throw new WeftError('invalid-input', `There is no node '${name}', which ${field} names.`, {
    field,
    advice: "'weft node list' shows the nodes. A label is selected by label=value, all members by *.",
  })
}

const PORT_MAX = 65_535

function readPorts(port: number | string, field: string): PortRange {
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(String(port)) ?? []
  const range = { first: Number(first), last: Number(last) }
  if (range.first >= 1 && range.first <= range.last && range.last <= PORT_MAX) return range
  throw new WeftError('invalid-input', `'${port}' in ${field} is no port and no range of ports.`, {
    field,
    advice: `Write a number from 1 to ${PORT_MAX}, or two of them, the lower first, such as 8000-8100.`,
  })
}

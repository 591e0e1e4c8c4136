import type { Network } from '../../model/state.ts'
import { Regime } from '../../topology/policy/regime.ts'
import type { Step } from '../ledger/recent.ts'
import { NetworkFeeds, type NetworkFeedsTools } from './network-feeds.ts'
import { touchedMembers } from './touched.ts'

/**
 * The feeds of a network, as they would be had somebody listened all the time: a controller that has just started tells
 * agents what they missed, and not everything. Only where all members see the same; a policy or an epoch begins anew.
 */
export function feedsWithPast(
  network: Network,
  recent: readonly Step[],
  tools: NetworkFeedsTools,
): NetworkFeeds {
  const isLike = ({ before }: Step) => {
    const was = before.networks.get(network.id)
    return before.epoch === tools.epoch() && was?.policy === network.policy && was.members.size > 0
  }
  const steps = new Regime(network).isUniform ? recent.slice(indexOf(recent, isLike)) : []
  let state = steps[0]?.before
  const was = state?.networks.get(network.id)
  const [viewer] = was?.members.keys() ?? []
  if (!was || viewer === undefined) return new NetworkFeeds(network, tools)
  const feeds = new NetworkFeeds(was, {
    ...tools,
    node: (id) => (state ? state.nodes.get(id) : tools.node(id)),
  })
  feeds.get(was, viewer)
  for (const { entry, after } of steps) {
    state = after
    const touched = touchedMembers(entry.events, after).get(network.id) ?? []
    const then = after.networks.get(network.id)
    if (!then || touched.length === 0) continue
    feeds.advance(then, touched)
    for (const hint of touched.map(tools.hintOf)) if (hint) feeds.hint(hint)
  }
  state = undefined
  return feeds
}

/** Of the first for which `is` holds; the end if there is none. */
function indexOf(steps: readonly Step[], is: (step: Step) => boolean): number {
  const at = steps.findIndex(is)
  return at < 0 ? steps.length : at
}

import type { Controller } from '../controller/controller.ts'
import { WeftError } from '../errors.ts'
import type { NodeId } from '../keys/identity.ts'
import type { Event } from '../model/event.ts'
import type { Network, State } from '../model/state.ts'

/**
 * Throws `confirmation-needed` unless the name was given back. A deletion that cuts nobody off needs none, so that scripts
 * which clean up what is empty go on working.
 * @param loss what would be cut off, as the end of "This would cut off …"; undefined: nothing
 */
export function assertConfirmed(name: string, given: string | undefined, loss: string | undefined): void {
  if (loss === undefined || given === name) return
  throw new WeftError('confirmation-needed', `This would cut off ${loss}.`, {
    field: 'confirm',
    advice: `Add ?confirm=${name} to do it all the same.`,
  })
}

/**
 * What a network loses when these members leave it together: undefined as long as more of those that are online stay than go,
 * because machines come and go all day; what takes most of them or all is seldom meant.
 */
export function bulkLoss(
  controller: Controller,
  { members }: Network,
  leaving: readonly NodeId[],
): string | undefined {
  const loss = onlineAmong(controller, leaving)
  if (loss === undefined) return undefined
  const gone = new Set(leaving)
  const isOnline = (node: NodeId) => controller.status.node(node).online
  const going = leaving.filter(isOnline).length
  const staying = [...members.keys()].filter((node) => !gone.has(node) && isOnline(node)).length
  return staying > going ? undefined : loss
}

/** What networks lose by all these events, as a sentence about the first that loses much; undefined: none does. */
export function cutOffBy(controller: Controller, state: State, events: readonly Event[]): string | undefined {
  for (const event of events) {
    const network = event.type === 'network-deleted' ? state.networks.get(event.id) : undefined
    if (network && onlineAmong(controller, [...network.members.keys()]))
      return `This deletes ${network.name}, whose members are online.`
  }
  const removals = events.filter((event) => event.type === 'member-removed')
  for (const [id, ofNetwork] of Map.groupBy(removals, (event) => event.network)) {
    const network = state.networks.get(id)
    const leaving = ofNetwork.map(({ node }) => node)
    const loss = network && bulkLoss(controller, network, leaving)
    if (loss) return `This would cut ${loss} off from ${network.name}.`
  }
  return undefined
}

/** What a network loses with these members; undefined when none of them is online. */
export function onlineAmong(controller: Controller, members: readonly NodeId[]): string | undefined {
  const count = members.filter((node) => controller.status.node(node).online).length
  if (count === 0) return undefined
  return count === 1 ? 'a member that is online' : `${count} members that are online`
}

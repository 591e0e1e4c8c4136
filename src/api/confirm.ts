import type { Controller } from '../controller/controller.ts'
import { WeftError } from '../errors.ts'
import type { NodeId } from '../keys/identity.ts'

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

/** What a network loses with these members; undefined when none of them is online. */
export function onlineAmong(controller: Controller, members: readonly NodeId[]): string | undefined {
  const count = members.filter((node) => controller.nodeStatus(node).online).length
  if (count === 0) return undefined
  return count === 1 ? 'a member that is online' : `${count} members that are online`
}

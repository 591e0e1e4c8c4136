import type { Whoami } from '../client/operations.ts'
import { api } from './api/client.ts'
import { session } from './session.ts'
import { Store, useStore } from './store.ts'

type Right = Whoami['permissions'][number]

/** What the signed-in may do. The controller decides in any case; this only keeps acts from being offered in vain. */
const rights = new Store<ReadonlySet<Right>>(new Set())

session.subscribe(learn)
learn()

export function useRight(right: Right): boolean {
  return useStore(rights).has(right)
}

function learn(): void {
  rights.set(new Set())
  if (!session.value) return
  api.call('whoami').then(
    ({ permissions }) => rights.set(new Set(permissions)),
    // Nothing is offered then; what there is to see is there all the same.
    () => undefined,
  )
}

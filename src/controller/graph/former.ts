import type { Entry } from '../../log/log.ts'
import type { Event } from '../../model/event.ts'
import type { ProjectId } from '../../model/names.ts'
import type { State } from '../../model/state.ts'
import { nameIn } from '../naming.ts'
import { eventOwners, ownersOf } from '../owners.ts'

/** What things are called and whose they are: those that are there as it is now, those that are no more as it was. */
export class Former {
  readonly #current: () => State
  readonly #names = new Map<string, string>()
  readonly #owners = new Map<string, ReadonlySet<ProjectId>>()

  constructor(current: () => State) {
    this.#current = current
  }

  /** Keeps what an entry takes away. */
  remember({ events }: Entry, before: State): void {
    for (const event of events)
      if (isEnd(event)) {
        this.#names.set(event.id, nameIn(before, event.id) ?? event.id)
        this.#owners.set(event.id, ownersOf(event.id, before))
      }
  }

  /** What a node, network, project, API token or webhook is or was called; the id itself if it has no name. */
  nameOf(id: string): string {
    return nameIn(this.#current(), id) ?? this.#names.get(id) ?? id
  }

  /** The projects that may see what has this id. */
  ownersOf(id: string): ReadonlySet<ProjectId> {
    return this.#owners.get(id) ?? ownersOf(id, this.#current())
  }

  /** The projects that may see an event. */
  ownersOfEvent(event: Event): ReadonlySet<ProjectId> {
    return eventOwners(event, (id) => this.ownersOf(id), this.#current())
  }
}

const ENDS: readonly string[] = [
  'node-removed',
  'network-deleted',
  'project-deleted',
  'api-token-revoked',
  'join-token-revoked',
  'webhook-deleted',
]

function isEnd(event: Event): event is Extract<Event, { readonly id: string }> {
  return ENDS.includes(event.type)
}

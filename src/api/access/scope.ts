import type { Viewer } from '../../controller/sight.ts'
import { WeftError } from '../../errors.ts'
import type { ProjectId } from '../../model/names.ts'
import type { ApiToken, JoinToken, Member, Network, Node, Project, Webhook } from '../../model/state.ts'
import type { Caller } from './caller.ts'

/** What the path of a request names. */
export interface Named {
  readonly network?: Network
  readonly member?: Member
  readonly node?: Node
  readonly joinToken?: JoinToken
  readonly apiToken?: ApiToken
  readonly webhook?: Webhook
  /** A project that the request is about, not the one in which it acts. */
  readonly subject?: Project
}

/** What a request may be about: its caller, the project in which it acts, and the objects that its path names. */
export class Scope {
  readonly caller: Caller
  readonly project: ProjectId
  readonly #named: Named

  constructor(caller: Caller, project: ProjectId, named: Named) {
    this.caller = caller
    this.project = project
    this.#named = named
  }

  /** Who looks, where what happened is told. */
  get viewer(): Viewer {
    const { bound, permissions } = this.caller
    return { project: this.project, bound, permissions }
  }

  get network(): Network {
    return named(this.#named.network)
  }

  get member(): Member {
    return named(this.#named.member)
  }

  get node(): Node {
    return named(this.#named.node)
  }

  get joinToken(): JoinToken {
    return named(this.#named.joinToken)
  }

  get apiToken(): ApiToken {
    return named(this.#named.apiToken)
  }

  get webhook(): Webhook {
    return named(this.#named.webhook)
  }

  get subject(): Project {
    return named(this.#named.subject)
  }
}

function named<Value>(value: Value | undefined): Value {
  if (value !== undefined) return value
  throw new WeftError('internal', 'A route asks for an object that its path does not name.')
}

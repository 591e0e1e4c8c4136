import type { FastifyBaseLogger } from 'fastify'
import type { Clock } from '../../clock.ts'
import { beginSession } from '../../controller/commands/session.ts'
import type { Controller } from '../../controller/controller.ts'
import { WeftError } from '../../errors.ts'
import type { Random } from '../../keys/random.ts'
import type { Origin } from '../../log/log.ts'
import { ID_BYTES, toTokenId } from '../../model/names.ts'
import type { ApiToken, State } from '../../model/state.ts'
import { type Access, accessOf } from './access.ts'
import { Issuer } from './issuer.ts'
import type { Person } from './person.ts'
import { clientSecret } from './secret.ts'

export interface SignInTools {
  readonly clock: Clock
  readonly random: Random
  readonly log: FastifyBaseLogger
}

/** Somebody who is signed in now, and what to show from now on. */
export interface SignedIn {
  readonly session: ApiToken
  /** The API token of the session. */
  readonly secret: string
}

/** How people sign in, other than with a token that somebody gave them. */
export class SignIn {
  readonly #controller: Controller
  readonly #tools: SignInTools
  readonly #issuer: Issuer | undefined

  /** Throws `invalid-config` when settings do not go together. */
  constructor(controller: Controller, tools: SignInTools) {
    const { settings } = controller
    this.#controller = controller
    this.#tools = tools
    if (settings.oidcIssuer === '') return
    if (settings.oidcClientId === '') throw noClient()
    this.#issuer = new Issuer(settings, clientSecret(settings), tools.clock)
  }

  get isOffered(): boolean {
    return this.#issuer !== undefined
  }

  /** Throws `not-found` when nobody can sign in that way. */
  get issuer(): Issuer {
    if (this.#issuer) return this.#issuer
    throw new WeftError('not-found', 'People cannot sign in to this controller by OpenID Connect.', {
      advice: 'Use an API token; or set oidcIssuer and oidcClientId at the controller.',
    })
  }

  /**
   * Begins a session of a person.
   * @param wanted id or name of the project in which it counts; undefined: all of them if the person may, else the first
   */
  async begin(person: Person, wanted: string | undefined, origin: Origin): Promise<SignedIn> {
    const { oidcIssuer, oidcAccess } = this.#controller.settings
    const { name, subject, groups } = person
    const id = toTokenId(this.#tools.random(ID_BYTES))
    const outcome = await this.#controller.change({ actor: id, origin }, (state, tools) => {
      const access = chosen(state, accessOf(state, oidcAccess, person), wanted)
      if (!access) {
        this.#tools.log.warn(
          { person: name, subject, groups, project: wanted },
          'nothing gives this person access',
        )
        throw noAccess(person, wanted)
      }
      return beginSession(state, tools, { id, name, person: `${oidcIssuer} ${subject}`, ...access })
    })
    const session = outcome.state.apiTokens.get(id)
    if (outcome.repeated || !session) throw new WeftError('internal', 'A session was begun and is not there.')
    this.#tools.log.info(
      { person: name, session: id, role: session.role, project: session.project },
      'signed in',
    )
    return { session, secret: Buffer.from(outcome.result.secret.expose()).toString() }
  }
}

/** Where somebody may act everywhere, any project that there is can be chosen; the right is still that of all. */
function chosen(state: State, found: readonly Access[], wanted: string | undefined): Access | undefined {
  if (wanted === undefined) return found[0]
  return found.find(
    ({ project }) =>
      project === undefined || project === wanted || state.projects.get(project)?.name === wanted,
  )
}

function noClient(): WeftError {
  return new WeftError('invalid-config', 'There is an issuer, but not as what it knows this controller.', {
    field: 'oidcClientId',
    advice: 'Register the controller at the issuer, and set the id of the client.',
  })
}

function noAccess({ name }: Person, project: string | undefined): WeftError {
  const where = project === undefined ? 'here' : 'in this project'
  return new WeftError('forbidden', `${name} is known to the issuer, but may do nothing ${where}.`, {
    advice: 'Ask an administrator to name you, or a group of yours, in oidcAccess.',
  })
}

import { WeftError } from '../../errors.ts'
import { Places } from './places.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly rehearsals: Rehearsals
  }
}

/** Dry runs that are worked out or wait for that: one is at a time, and each holds what was sent. */
const MOST = 16
/** Of those, for one token: people who try things out, and not one program that tries out everything. */
const MOST_OF_TOKEN = 4
/** And for the tokens of one project. */
const MOST_OF_PROJECT = 8

/** Whose dry runs are under way. */
export class Rehearsals extends Places {
  constructor() {
    super({
      token: { most: MOST_OF_TOKEN, refusal: () => tooMany(`${MOST_OF_TOKEN} dry runs of this token`) },
      project: {
        most: MOST_OF_PROJECT,
        refusal: () => tooMany(`${MOST_OF_PROJECT} dry runs of tokens of this project`),
      },
      all: { most: MOST, refusal: none },
    })
  }
}

function tooMany(what: string): WeftError {
  return new WeftError('too-many-requests', `${what} are under way already.`, {
    advice: 'Wait until one of them is answered.',
  })
}

function none(): WeftError {
  return new WeftError('overloaded', `${MOST} dry runs are under way already.`, {
    advice: 'Try again in a few seconds.',
  })
}

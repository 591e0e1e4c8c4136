import { WeftError } from '../../errors.ts'
import { Places } from './places.ts'

/** Clients that may listen at once. Each costs a socket and a cursor. */
const MOST = 1_000
/** Of those, with one token: people with many pages open, and not one program that forgets to close. */
const MOST_OF_TOKEN = 50
/** And with the tokens of one project. */
const MOST_OF_PROJECT = 200

/** Who listens to live events. */
export class Streams extends Places {
  constructor() {
    super({
      token: {
        most: MOST_OF_TOKEN,
        refusal: () => tooMany(`${MOST_OF_TOKEN} clients listen with this token`),
      },
      project: {
        most: MOST_OF_PROJECT,
        refusal: () => tooMany(`${MOST_OF_PROJECT} clients listen with tokens of this project`),
      },
      all: { most: MOST, refusal: none },
    })
  }
}

function tooMany(what: string): WeftError {
  return new WeftError('too-many-requests', `${what} already.`, {
    advice: 'Close some, or let one client listen for all: a stream without ?network= tells of everything.',
  })
}

function none(): WeftError {
  return new WeftError('unavailable', `${MOST} clients listen already.`, {
    advice: 'Try again later, or at another controller.',
  })
}

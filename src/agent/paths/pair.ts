import type { NodeId } from '../../keys/identity.ts'
import type { Candidate } from '../../topology/reach.ts'
import type { Endpoint } from '../../wireguard/device.ts'
import { type Choices, improvement, isUp, nextTry } from './choose.ts'
import { isListed, isOfBetterKind, keyOf, pathAt, pathOf } from './path.ts'
import { PATIENCE } from './patience.ts'
import { Rests } from './rests.ts'
import type { Scene } from './scene.ts'
import { handshakeAge, hasReceived, hasShaken, isSame, type Sighting, sightingOf } from './sighting.ts'
import {
  attemptAfter,
  type Choice,
  choiceOf,
  doubtAfter,
  doubted,
  endOf,
  type Finding,
  type Held,
  held,
  isDead,
  isOpen,
  onTrial,
  pathIn,
  rematched,
  type Stand,
  type Trial,
  type Trying,
  trying,
  unproven,
  withoutPause,
} from './stand.ts'

const NEVER = Number.POSITIVE_INFINITY
const LONG_AGO = Number.NEGATIVE_INFINITY
const NOWHERE: Stand = Object.freeze({ phase: 'nowhere' })

/** The search for the best path to one peer that works. It knows no time but that of the scenes it is shown. */
export class Pair {
  readonly node: NodeId
  readonly #rests: Rests
  readonly #isSecond: boolean
  #candidates: readonly Candidate[] = []
  #stand: Stand = NOWHERE
  #seen: Sighting | undefined
  #seenAt = LONG_AGO
  #shakenAt = LONG_AGO
  #knockAt = LONG_AGO
  #improveAt = NEVER
  #noTrialBefore = LONG_AGO

  /** @param phase see `Rests` */
  constructor(node: NodeId, { phase, isSecond }: { readonly phase: number; readonly isSecond: boolean }) {
    this.node = node
    this.#rests = new Rests(phase)
    this.#isSecond = isSecond
  }

  choice(): Choice {
    return choiceOf(this.#stand)
  }

  /** Whether there is more than one way. */
  get hasAlternatives(): boolean {
    return this.#candidates.length > 1
  }

  /** When to `wake` it next (`Moment.now`); `Infinity`: not before something happens. */
  get wakeAt(): number {
    const stand = this.#stand
    if (stand.phase === 'nowhere') return NEVER
    if (stand.phase === 'held') return stand.doubt ? this.#knockAt : this.#improveAt
    const { attempt } = stand
    return this.#knockAt < attempt.knocksUntil ? this.#knockAt : endOf(attempt)
  }

  /** Whether it may matter what becomes of the relay. */
  minds(relay: NodeId): boolean {
    return pathIn(this.#stand)?.candidate.via === relay || this.#candidates.some(({ via }) => via === relay)
  }

  /** Takes other candidates. `wake` it afterwards. */
  offer(candidates: readonly Candidate[], scene: Scene): void {
    if (candidates.length === 0 && this.#candidates.length === 0) return
    const known = new Set(this.#candidates.map(keyOf))
    // Relays come and go for reasons of their own, which say nothing of the two ends.
    const fresh = candidates.filter((each) => each.kind !== 'relayed' && !known.has(keyOf(each)))
    this.#candidates = candidates
    this.#become(rematched(this.#stand, candidates), scene)
    const stand = this.#stand
    if (stand.phase === 'trying' && !isListed(stand.path, candidates))
      this.#rests.fail(stand.path.candidate, scene)
    if (fresh.length > 0) this.#takeFacts(scene, fresh)
    this.#rests.keep(candidates)
  }

  /**
   * This machine has other addresses, so paths that failed may work now; and if it `lost` one, a path that worked may not.
   * `wake` it afterwards.
   */
  renew(scene: Scene, lost: boolean): void {
    this.#takeFacts(scene, [])
    if (this.#stand.phase !== 'held') return
    // It also tells the other end where we are.
    scene.knocks.add(this.node)
    if (!lost || !this.hasAlternatives) return
    this.#stand = doubted(this.#stand, scene.now)
    this.#knockAt = scene.now + PATIENCE.knock
  }

  /** Takes what the device says. True: `wake` it afterwards; false: it says what it said before, and nothing hangs on it. */
  see(sighting: Sighting, scene: Scene): boolean {
    const [before, lastLook] = [this.#seen, this.#seenAt]
    const { now } = scene
    this.#seenAt = now
    if (before && isSame(before, sighting) && !isOpen(this.#stand)) return false
    const after = sightingOf(sighting)
    this.#seen = after
    if (!before) this.#shakenAt = now - handshakeAge(after, scene.utc)
    else if (hasShaken(before, after)) this.#shakenAt = now
    const isLive = now - this.#shakenAt < PATIENCE.session
    const isHeard = before ? hasReceived(before, after) : isLive
    if (isHeard && after.endpoint && !this.#isExpected(after.endpoint, before))
      this.#follow(after.endpoint, isLive, scene)
    else if (before) this.#judge({ before, after, isLive, now, lastLook }, scene)
    return true
  }

  /** Does what is due. */
  wake(scene: Scene): void {
    const stand = this.#stand
    switch (stand.phase) {
      case 'nowhere':
        this.#tryNext(scene)
        break
      case 'trying':
        this.#goOnTrying(stand, scene)
        break
      case 'trial':
        this.#goOnWithTrial(stand, scene)
        break
      case 'held':
        this.#improve(stand, scene)
    }
    this.#knockIfDue(scene)
  }

  #takeFacts(scene: Scene, newcomers: readonly Candidate[]): void {
    this.#rests.renew(newcomers, scene)
    this.#stand = withoutPause(this.#stand)
  }

  /** Whether it says nothing new that packets come from there. */
  #isExpected(endpoint: Endpoint, before: Sighting | undefined): boolean {
    const stand = this.#stand
    if (stand.phase === 'nowhere' || !before) return false
    return (
      endpoint === stand.path.endpoint || (stand.phase === 'trial' && endpoint === stand.from.path.endpoint)
    )
  }

  /**
   * WireGuard went after the other end, or the device was in use before we came: that is the path now. Without a session
   * it was a handshake that came, and one of our own may have undone it: then it takes another, and so another packet.
   */
  #follow(endpoint: Endpoint, isLive: boolean, scene: Scene): void {
    const stand = this.#stand
    const path = pathAt(endpoint, this.#candidates, (unlisted) => scene.classify(this.node, unlisted))
    const left = stand.phase === 'held' || stand.phase === 'trial' ? stand.path.candidate : path.candidate
    const worked = stand.phase === 'held' ? scene.now - stand.since : 0
    // The other end gave up a better path, so it rests, at both ends alike.
    if (isOfBetterKind(left, path.candidate)) this.#rests.fail(left, scene, worked)
    const isSamePath = stand.phase === 'held' && keyOf(left) === keyOf(path.candidate)
    const followed = held(path, isSamePath ? stand.since : scene.now)
    this.#become(isLive ? followed : unproven(followed, scene.now), scene)
  }

  #judge(finding: Finding, scene: Scene): void {
    const { now } = scene
    const stand = this.#stand
    if (stand.phase === 'nowhere') return
    if (stand.phase !== 'held') return this.#become(attemptAfter(stand, finding), scene)
    const doubt = doubtAfter(stand, finding)
    this.#stand = { ...stand, doubt }
    if (!doubt || !isDead(doubt, now)) return
    this.#rests.fail(stand.path.candidate, scene, now - stand.since)
    this.#tryNext(scene, { isEscape: true })
  }

  #goOnTrying({ path, attempt, round }: Trying, scene: Scene): void {
    if (!isUp(path.candidate, scene.deadRelays)) return this.#tryNext(scene, { isEscape: true })
    if (!isListed(path, this.#candidates)) return this.#tryNext(scene)
    if (scene.now < endOf(attempt)) return
    this.#rests.fail(path.candidate, scene)
    const wasLast = attempt.pause > 0
    if (wasLast) this.#rests.clear()
    this.#tryNext(scene, { round: wasLast ? round + 1 : round })
  }

  #goOnWithTrial({ path, attempt, from }: Trial, scene: Scene): void {
    if (!isUp(from.path.candidate, scene.deadRelays)) return this.#tryNext(scene, { isEscape: true })
    if (scene.now < endOf(attempt) && isListed(path, this.#candidates)) return
    this.#rests.fail(path.candidate, scene)
    this.#noTrialBefore = scene.now + PATIENCE.betweenTrials
    this.#become(held(from.path, from.since), scene)
    // The other end may have followed us, and has to be brought back.
    scene.knocks.add(this.node)
    this.wake(scene)
  }

  #improve(stand: Held, scene: Scene): void {
    if (!isUp(stand.path.candidate, scene.deadRelays)) return this.#tryNext(scene, { isEscape: true })
    if (stand.doubt) return
    const found = improvement(stand.path, this.#noTrialBefore, this.#choices(scene))
    this.#improveAt = typeof found === 'number' ? found : NEVER
    if (typeof found !== 'number') this.#become(onTrial(pathOf(found), stand, this.#beginning(scene)), scene)
  }

  #tryNext(scene: Scene, { round = 0, isEscape = false } = {}): void {
    const next = nextTry(this.#choices(scene), round, isEscape)
    const stand = next ? trying(pathOf(next.candidate), { ...this.#beginning(scene), ...next }) : NOWHERE
    this.#become(stand, scene)
  }

  #beginning({ now }: Scene) {
    return { now, sent: this.#seen?.txBytes ?? 0 }
  }

  #become(stand: Stand, scene: Scene): void {
    const before = this.#stand
    this.#stand = stand
    if (stand.phase === 'held') this.#rests.found()
    if (before.phase === stand.phase && pathIn(before) === pathIn(stand)) return
    this.#knockAt = this.#isToWait(stand, scene) ? scene.now + PATIENCE.second : LONG_AGO
    scene.changed.add(this.node)
  }

  /** Whether the first knock is for the other end: two handshakes that cross undo each other. */
  #isToWait(stand: Stand, { now }: Scene): boolean {
    if (!this.#isSecond || stand.phase !== 'trying' || now - this.#shakenAt < PATIENCE.session) return false
    // Behind a translation it is for us to begin.
    return stand.path.candidate.keepalive === 0
  }

  #knockIfDue(scene: Scene): void {
    const stand = this.#stand
    if (scene.now < this.#knockAt || !isOpen(stand)) return
    if (stand.phase === 'trying' && scene.now >= stand.attempt.knocksUntil) return
    scene.knocks.add(this.node)
    const isHopeless = stand.phase === 'trying' && stand.round > 0
    this.#knockAt = scene.now + (isHopeless ? PATIENCE.slowKnock : PATIENCE.knock)
  }

  #choices({ deadRelays, now }: Scene): Choices {
    return { candidates: this.#candidates, rests: this.#rests, deadRelays, now }
  }
}

import type { Paths } from '../../client/operations.ts'
import { PathWord } from './tables.tsx'

/** Why two members reach one another as they do, each candidate, and what to do. */
export function Explanation({
  paths,
  nameOf,
}: {
  readonly paths: Paths
  readonly nameOf: (id: string) => string
}) {
  return (
    <section data-explanation>
      <h3>Why this path</h3>
      <ul class="sentences">
        {paths.sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      {paths.advice.length > 0 && (
        <div class="advice">
          <h4>What to do</h4>
          <ul>
            {paths.advice.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </div>
      )}
      {paths.directions.map((direction) => (
        <details key={direction.from} open>
          <summary>
            Candidates from {nameOf(direction.from)} to {nameOf(direction.to)}
          </summary>
          <ol class="candidates">
            {direction.candidates.map(({ kind, via, endpoint, mtu }) => (
              <li
                key={`${kind} ${via} ${endpoint}`}
                class={kind === direction.inUse.kind && via === direction.inUse.via ? 'used' : ''}
              >
                <PathWord path={kind} via={via === null ? undefined : nameOf(via)} />
                <span class="mono breaks">{endpoint ?? 'the other end begins'}</span>
                <span class="muted">MTU {mtu}</span>
              </li>
            ))}
            {direction.rejected.map(({ kind, reason }) => (
              <li key={`${kind} ${reason}`} class="rejected">
                <span class={`path ${kind}`}>{kind}</span>
                <span>{reason}</span>
              </li>
            ))}
          </ol>
        </details>
      ))}
    </section>
  )
}

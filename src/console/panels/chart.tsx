import type { Link } from '../../client/operations.ts'
import { rate, when } from '../text.ts'

const WIDTH = 320
const HEIGHT = 64

/** Traffic of a link over time, both ways, with the figures as a table. */
export function TrafficChart({ level }: { readonly level: Link['traffic'][number] }) {
  const { points, stepSeconds } = level
  const most = Math.max(1, ...points.flatMap(({ rxBytes, txBytes }) => [rxBytes, txBytes]))
  const last = points.at(-1)
  if (!last) return <p class="muted">Nothing has been reported yet.</p>
  return (
    <figure class="chart">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`Traffic, at most ${rate(most / stepSeconds)}`}
      >
        <path class="rx" d={lineOf(points, 'rxBytes', most, stepSeconds)} />
        <path class="tx" d={lineOf(points, 'txBytes', most, stepSeconds)} />
      </svg>
      <figcaption>
        <span class="rx">received {rate(last.rxBytes / stepSeconds)}</span>
        <span class="tx">sent {rate(last.txBytes / stepSeconds)}</span>
        <span class="muted">peak {rate(most / stepSeconds)}</span>
      </figcaption>
      <details>
        <summary>As a table</summary>
        <div class="scroll low">
          <table class="dense">
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col">Received</th>
                <th scope="col">Sent</th>
                <th scope="col">Handshake</th>
              </tr>
            </thead>
            <tbody>
              {points.toReversed().map((point) => (
                <tr key={point.at}>
                  <th scope="row">{when(point.at)}</th>
                  <td class="number">{rate(point.rxBytes / stepSeconds)}</td>
                  <td class="number">{rate(point.txBytes / stepSeconds)}</td>
                  <td class="number">
                    {point.handshakeAgeSeconds === null ? 'never' : `${point.handshakeAgeSeconds} s ago`}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  )
}

/** Stretches of which nothing is known break the line. */
function lineOf(
  points: Link['traffic'][number]['points'],
  of: 'rxBytes' | 'txBytes',
  most: number,
  stepSeconds: number,
): string {
  const end = Date.parse(points.at(-1)?.at ?? '') / 1_000
  const start = Math.min(Date.parse(points[0]?.at ?? '') / 1_000, end - stepSeconds * 20)
  let before = Number.NEGATIVE_INFINITY
  return points
    .map((point) => {
      const at = Date.parse(point.at) / 1_000
      const x = ((at - start) / (end - start)) * WIDTH
      const y = HEIGHT - 2 - (point[of] / most) * (HEIGHT - 6)
      const isGap = at - before > stepSeconds * 2
      before = at
      return `${isGap ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`
    })
    .join('')
}

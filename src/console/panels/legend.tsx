/** What shapes, colours and lines mean. */
export function Legend() {
  return (
    <details class="legend">
      <summary>Legend</summary>
      <ul>
        <li>
          <i class="line lan" /> lan
        </li>
        <li>
          <i class="line direct" /> direct
        </li>
        <li>
          <i class="line punched" /> punched
        </li>
        <li>
          <i class="line relayed" /> relayed
        </li>
        <li>
          <i class="line dashed stale" /> stale
        </li>
        <li>
          <i class="line dashed down" /> down
        </li>
        <li>
          <i class="line dashed pending" /> pending
        </li>
        <li>
          <i class="line dashed forbidden" /> forbidden by policy
        </li>
        <li>
          <i class="line dashed carried" /> carried by others
        </li>
        <li>
          <i class="shape circle" /> member
        </li>
        <li>
          <i class="shape diamond" /> relay
        </li>
        <li>
          <i class="shape square" /> hub
        </li>
        <li>
          <i class="shape circle hollow" /> offline
        </li>
      </ul>
      <p class="hint">
        The wider a line, the more goes over it. Shift-click a second node for the path between two.
      </p>
    </details>
  )
}

/** With which a websocket is closed by the controller; the first one is of our own (RFC 6455 section 7.4.2). */
export const REFUSED = 4_002
export const GOING_AWAY = 1_001

/** The transit is listed with the other networks under this name, which nobody else can take. */
export const TRANSIT_NAME = 'weft-transit'

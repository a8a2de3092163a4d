/** Why a modify log does not go out at the moment. */
export const logObstacles = [
  'unreachable',
  'no token',
  'conflict',
  'quota',
  'server full',
  'age',
  'fault',
] as const;

export type LogObstacle = (typeof logObstacles)[number];

/**
 * Does `work` for each round in order, as many at a time as there are lanes: a lane is one round's alone. For rounds
 * that wait more than they work.
 */
export async function inLanes<Lane, Round>(
  lanes: readonly Lane[],
  rounds: readonly Round[],
  work: (lane: Lane, round: Round) => Promise<void>,
): Promise<void> {
  const left = rounds.values();
  // All lanes take from one iterator.
  const drive = async (lane: Lane): Promise<void> => {
    for (const round of left) await work(lane, round);
  };
  await Promise.all(lanes.map(drive));
}

/**
 * Does `work` for each round in order, as many at a time as there are places: a place is one round's alone. For rounds
 * that wait more than they work.
 */
export async function inParallel<Place, Round>(
  places: readonly Place[],
  rounds: readonly Round[],
  work: (place: Place, round: Round) => Promise<void>,
): Promise<void> {
  const left = rounds.values();
  // All places take from one iterator.
  const drive = async (place: Place): Promise<void> => {
    for (const round of left) await work(place, round);
  };
  await Promise.all(places.map(drive));
}

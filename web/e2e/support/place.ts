/// Where Roomlog runs for a proof: in one process, or as a cluster of two edges behind a balancer.

export interface Place {
  readonly kind: "embedded" | "cluster";
  /** Where a browser goes: `http://host:port`. */
  readonly url: string;
  /** Where each process that answers is, by itself. */
  readonly edges: readonly string[];
  /** A cluster's folder, as scripts/cluster takes it; of a single process the folder with its data. */
  readonly folder: string;
}

/** Who may do anything there; their account is made before the first proof. */
export const ADMIN = { username: "keeper", password: "correct horse battery" } as const;

/** Many people come from one address here, and chat faster than people do. */
export const LIMITS: Readonly<Record<string, string>> = {
  ROOMLOG_LIMITS__ADDRESS_PER_SECOND: "0",
  ROOMLOG_LIMITS__PERSON_PER_SECOND: "0",
  ROOMLOG_LIMITS__ROOM_PER_SECOND: "0",
  ROOMLOG_PEOPLE__ATTEMPTS__ADDRESS_INTERVAL_MS: "0",
  ROOMLOG_PEOPLE__ATTEMPTS__NEWCOMER_INTERVAL_MS: "0",
};

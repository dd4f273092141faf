/** Who a person or a token is. `feed` is for tokens only: it may post notices and nothing else. */
export const PROFILES = ["user", "expert", "operator", "admin", "feed"] as const;
export type Profile = (typeof PROFILES)[number];

/** Profiles of people, each may do what the one before it may, and more. */
export const PROFILES_OF_PEOPLE = [
  "user",
  "expert",
  "operator",
  "admin",
] as const satisfies readonly Profile[];
export type PersonProfile = (typeof PROFILES_OF_PEOPLE)[number];

/**
 * What a token of a person may do: never more than the person may now, whatever it was made with.
 * A feed token stays one: it may less than anybody.
 */
export function boundedProfile(token: Profile, person: Profile): Profile {
  if (token === "feed") return token;
  const rank = (profile: Profile): number => PROFILES_OF_PEOPLE.findIndex((each) => each === profile);
  return rank(token) <= rank(person) ? token : person;
}

/** Who a person or a token is. `feed` is for tokens only: it may post notices and nothing else. */
export const PROFILES = ["user", "expert", "operator", "admin", "feed"] as const;
export type Profile = (typeof PROFILES)[number];

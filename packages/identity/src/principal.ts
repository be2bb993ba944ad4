/** On whose behalf a call is made: the project, and the organisation that pays. */
export type Principal = {
  organisationId: string;
  projectId: string;
  /** The user who owns the project. */
  ownerId: string;
  projectName: string;
};

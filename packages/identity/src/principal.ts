/** The project that makes a call and the organisation that pays. */
export type Principal = {
  organisationId: string;
  projectId: string;
  /** The user who owns the project. */
  ownerId: string;
  projectName: string;
};

/** One database for each service that has one, under the service's name. */
export const databaseNames = ['auth', 'payments', 'admin', 'profile'] as const;

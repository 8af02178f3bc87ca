/** The variables of this process; nothing else of the agent reads them. The service may put other ones in their place. */
export const processEnvironment = (): NodeJS.ProcessEnv => process.env;

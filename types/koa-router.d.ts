/** koa-router 14 has no types of its own; these are the parts that daemon/http uses. */
declare module "koa-router" {
  import type { DefaultState, Middleware, ParameterizedContext } from "koa";

  export interface RouterParams {
    /** Path parameters, percent-decoded. */
    params: Record<string, string>;
    /** The pattern of the route that matched. */
    _matchedRoute?: string | RegExp;
  }

  export type RouterContext = ParameterizedContext<DefaultState, RouterParams>;
  export type RouterMiddleware = Middleware<DefaultState, RouterParams>;

  export interface RouterOptions {
    prefix?: string;
    methods?: string[];
    /** Only the last matching route runs. */
    exclusive?: boolean;
    /** Whether letter case counts in paths. */
    sensitive?: boolean;
    /** Whether a trailing slash counts. */
    strict?: boolean;
  }

  export interface AllowedMethodsOptions {
    throw?: boolean;
    notImplemented?: () => unknown;
    methodNotAllowed?: () => unknown;
  }

  export default class Router {
    constructor(options?: RouterOptions);
    get(path: string | RegExp, ...middleware: RouterMiddleware[]): this;
    post(path: string | RegExp, ...middleware: RouterMiddleware[]): this;
    put(path: string | RegExp, ...middleware: RouterMiddleware[]): this;
    patch(path: string | RegExp, ...middleware: RouterMiddleware[]): this;
    delete(path: string | RegExp, ...middleware: RouterMiddleware[]): this;
    /** Any method of node:http's METHODS. */
    register(
      path: string | RegExp,
      methods: string[],
      middleware: RouterMiddleware | RouterMiddleware[],
    ): unknown;
    use(...middleware: RouterMiddleware[]): this;
    routes(): Middleware;
    allowedMethods(options?: AllowedMethodsOptions): Middleware;
  }
}

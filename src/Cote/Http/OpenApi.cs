using System.Text;
using System.Text.Json;
using Cote.Primitives;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.OpenApi;

namespace Cote.Http;

/// <summary>
/// The description of the API, made from the routes themselves when it is first asked for, and kept. What makes it lives in
/// a container of its own: most servers are never asked, and need not hold it ready.
/// </summary>
/// <param name="registered">All services of the house: a parameter of a route that is none of them is taken for its body.</param>
/// <param name="routes">What is described.</param>
sealed class OpenApi(IServiceCollection registered, EndpointDataSource routes)
{
    const OpenApiSpecVersion Version = OpenApiSpecVersion.OpenApi3_1;
    const string Scheme = "OAuth2PasswordBearer";
    internal const string Anything = "*/*";

    // These the guide spells with a slash at their end.
    static readonly string[] Slashed = ["/users", "/sessions", "/chats", "/upload", "/chats/{chat_id}/messages"];

    // Taken as text, so that a wrong one gets FastAPI's answer; described as what they are.
    static readonly string?[] Numbers = ["limit", "before", "after", "wait"];

    readonly Lazy<Task<ReadOnlyMemory<byte>>> _written = new(() => WriteAsync(registered, routes));

    /// <summary><c>GET /openapi.json</c>.</summary>
    public static async Task<IResult> Handle(OpenApi description) => ApiResults.Json(await description._written.Value);

    static async Task<ReadOnlyMemory<byte>> WriteAsync(IServiceCollection registered, EndpointDataSource routes)
    {
        IServiceCollection services = new ServiceCollection { registered };
        services.AddSingleton(routes).RemoveAll<IServer>();
        services.ConfigureHttpJsonOptions(x => x.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower);
        services.AddOpenApi(Configure);
        await using var provider = services.BuildServiceProvider();
        var document = await provider.GetRequiredKeyedService<IOpenApiDocumentProvider>("v1").GetOpenApiDocumentAsync();
        return Encoding.UTF8.GetBytes(await document.SerializeAsJsonAsync(Version));
    }

    static void Configure(OpenApiOptions options)
    {
        options.OpenApiVersion = Version;
        options.AddDocumentTransformer((document, _, _) =>
        {
            Describe(document);
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            var metadata = context.Description.ActionDescriptor.EndpointMetadata;
            operation.Responses ??= [];
            operation.RequestBody?.Content?.Remove(Anything);
            if (metadata.OfType<IAuthorizeData>().Any())
            {
                operation.Security = [new() { [new OpenApiSecuritySchemeReference(Scheme, context.Document)] = [] }];
                operation.Responses["401"] = Refusal("No token, or one that is not good");
            }
            if (operation.RequestBody is not null || context.Description.ParameterDescriptions.Any(x => x.Source.Id == "Query"))
                operation.Responses["422"] = Refusal("A field is wrong; detail lists which, with type, loc and msg");
            foreach (var number in operation.Parameters?.OfType<OpenApiParameter>().Where(x => Numbers.Contains(x.Name)) ?? [])
                number.Schema = new OpenApiSchema { Type = JsonSchemaType.Integer };
            if (context.Description.RelativePath?.Contains('{', StringComparison.Ordinal) == true)
                operation.Responses["404"] = Refusal("It does not exist, or is not yours");
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer((schema, context, _) =>
        {
            if (context.JsonTypeInfo.Type == typeof(Timestamp))
                (schema.Type, schema.Format, schema.Properties) = (JsonSchemaType.String, "date-time", null);
            return Task.CompletedTask;
        });
    }

    static void Describe(OpenApiDocument document)
    {
        document.Info = new()
        {
            Title = "Cote",
            Version = typeof(OpenApi).Assembly.GetName().Version?.ToString(3) ?? "0",
            Description = "The backend of AI chat apps: users, chats, messages, and AI replies that are never lost.",
        };
        document.Servers = null; // whatever host it was read from
        document.Components ??= new();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [Scheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.OAuth2,
                Flows = new() { Password = new() { TokenUrl = new("token", UriKind.Relative), Scopes = new Dictionary<string, string>() } },
            },
        };
        // Paths are spelt as in the guide, and their parameters as everything else on the wire.
        var paths = new OpenApiPaths();
        foreach (var (path, item) in document.Paths)
        {
            var spelt = string.Join('{', path.Split('{').Select((part, i) => i == 0 ? part : Snake(part)));
            paths[Slashed.Contains(spelt) ? spelt + "/" : spelt] = item;
            foreach (var parameter in item.Operations?.Values.SelectMany(x => x.Parameters ?? []).OfType<OpenApiParameter>() ?? [])
                parameter.Name = JsonNamingPolicy.SnakeCaseLower.ConvertName(parameter.Name!);
        }
        document.Paths = paths;
    }

    // "chatId}/messages" → "chat_id}/messages"
    static string Snake(string part)
    {
        var end = part.IndexOf('}', StringComparison.Ordinal);
        return JsonNamingPolicy.SnakeCaseLower.ConvertName(part[..end]) + part[end..];
    }

    static OpenApiResponse Refusal(string description) => new()
    {
        Description = description,
        Content = new Dictionary<string, OpenApiMediaType>
        {
            ["application/json"] = new()
            {
                Schema = new OpenApiSchema
                {
                    Type = JsonSchemaType.Object,
                    Properties = new Dictionary<string, IOpenApiSchema>
                    {
                        ["detail"] = new OpenApiSchema(),
                        ["code"] = new OpenApiSchema { Type = JsonSchemaType.String },
                    },
                },
            },
        },
    };
}

static class RouteBodies
{
    /// <summary>
    /// Describes the body of a route. Anything is let through to the handler all the same: what is of another form is
    /// a 422 like every other wrong body, where routing would answer a 415 of its own.
    /// </summary>
    public static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder route, string type, params string[] others) where T : notnull =>
        route.Accepts<T>(type, [.. others, OpenApi.Anything]);
}

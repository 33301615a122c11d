using System.Text.Json;
using Cote.Primitives;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Cote.Http;

/// <summary>The description of the API, made from the routes themselves.</summary>
static class OpenApi
{
    const string Scheme = "OAuth2PasswordBearer";
    const string Anything = "*/*";

    // These the guide spells with a slash at their end.
    static readonly string[] Slashed = ["/users", "/sessions", "/chats", "/upload", "/chats/{chat_id}/messages"];

    // Taken as text, so that a wrong one gets FastAPI's answer; described as what they are.
    static readonly string?[] Numbers = ["limit", "before", "after", "wait"];

    public static void AddDescription(this IServiceCollection services) => services.AddOpenApi(options =>
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
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
    });

    /// <summary>
    /// Describes the body of a route. Anything is let through to the handler all the same: what is of another form is
    /// a 422 like every other wrong body, where routing would answer a 415 of its own.
    /// </summary>
    public static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder route, string type, params string[] others) where T : notnull =>
        route.Accepts<T>(type, [.. others, Anything]);

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

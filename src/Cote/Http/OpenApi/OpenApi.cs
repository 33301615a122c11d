using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.OpenApi;

namespace Cote.Http;

/// <summary>
/// The description of the API, made from the routes and their types when it is first asked for, completed by rules and
/// by the <see cref="ApiPart"/> of each room, and kept as bytes. The generator lives in a container of its own: most
/// servers are never asked, and need not hold it ready.
/// </summary>
/// <param name="registered">All services: a parameter of a route that is none of them is taken for its body.</param>
/// <param name="routes">What is described.</param>
sealed class OpenApi(IServiceCollection registered, EndpointDataSource routes)
{
    const OpenApiSpecVersion Version = OpenApiSpecVersion.OpenApi3_1;
    internal const string Anything = "*/*";

    static readonly JsonSerializerOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    readonly Lock _lock = new();
    Task<ReadOnlyMemory<byte>>? _written;

    /// <summary><c>GET /openapi.json</c>.</summary>
    public static async Task<IResult> Handle(OpenApi description) => ApiResults.Json(await description.ReadAsync());

    // A build that failed is not kept: the next request tries again.
    Task<ReadOnlyMemory<byte>> ReadAsync()
    {
        lock (_lock)
            return _written is null or { IsFaulted: true } or { IsCanceled: true } ? _written = WriteAsync() : _written;
    }

    async Task<ReadOnlyMemory<byte>> WriteAsync()
    {
        var found = new Findings();
        IServiceCollection services = new ServiceCollection { registered };
        services.AddSingleton(routes).RemoveAll<IServer>();
        services.ConfigureHttpJsonOptions(x =>
        {
            x.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            // A number is never a string, as the checks say
            x.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        });
        services.AddOpenApi(options => Configure(options, found));
        await using var provider = services.BuildServiceProvider();
        var generated = await provider.GetRequiredKeyedService<IOpenApiDocumentProvider>("v1")
            .GetOpenApiDocumentAsync();
        var root = JsonNode.Parse(await generated.SerializeAsJsonAsync(Version))!.AsObject();
        var document = new ApiDocument(root, found, provider);
        SchemaRules.Apply(document);
        OperationRules.Apply(document);
        foreach (var part in provider.GetServices<ApiPart>())
            part.Describe(document);
        DocumentRules.Apply(document);
        return JsonSerializer.SerializeToUtf8Bytes(root, Writing);
    }

    static void Configure(OpenApiOptions options, Findings found)
    {
        options.OpenApiVersion = Version;
        options.AddOperationTransformer((operation, context, _) =>
        {
            var metadata = context.Description.ActionDescriptor.EndpointMetadata;
            operation.RequestBody?.Content?.Remove(Anything);
            operation.OperationId = found.Add(NameOf(context.Description.HttpMethod, metadata), metadata);
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer((_, context, _) =>
        {
            found.Omitted[context.JsonTypeInfo.Type.Name] =
                [.. context.JsonTypeInfo.Properties.Where(IsOmittedWhenNull).Select(x => x.Name)];
            return Task.CompletedTask;
        });
    }

    static bool IsOmittedWhenNull(System.Text.Json.Serialization.Metadata.JsonPropertyInfo property) =>
        property.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: true)
            is [JsonIgnoreAttribute { Condition: JsonIgnoreCondition.WhenWritingNull }];

    // The verb's class: "SendMessage". A class of several verbs: "CreateResumableUpload". A HEAD beside a GET:
    // "HeadMedia".
    static string NameOf(string? method, IList<object> metadata)
    {
        if (metadata.OfType<IEndpointNameMetadata>().LastOrDefault() is { } given)
            return given.EndpointName;
        if (metadata.OfType<MethodInfo>().FirstOrDefault() is not { DeclaringType: { } type } handler
            || handler.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false)
                || type.Name.Contains('<', StringComparison.Ordinal))
            return (method ?? "").ToLowerInvariant();
        var verb = type.Name.EndsWith("Endpoint", StringComparison.Ordinal) ? type.Name[..^"Endpoint".Length]
            : type.Name;
        var name = handler.Name == "Handle" ? verb : handler.Name + verb;
        return method == HttpMethods.Head && name.StartsWith("Get", StringComparison.Ordinal) ? "Head" + name[3..]
            : name;
    }
}

/// <summary>What the generator met on its way and does not write down.</summary>
sealed class Findings
{
    /// <summary>The metadata of each route, by the id of its operation.</summary>
    public Dictionary<string, IList<object>> Routes { get; } = [];

    /// <summary>By the name of a type: the properties that are left out where they are null.</summary>
    public Dictionary<string, string[]> Omitted { get; } = [];

    public string Add(string name, IList<object> metadata)
    {
        var id = name;
        for (var i = 2; !Routes.TryAdd(id, metadata); i++)
            id = name + i;
        return id;
    }
}

static class RouteBodies
{
    /// <summary>
    /// Describes the body of a route. Anything is let through to the handler all the same: what is of another form is
    /// a 422 like every other wrong body, where routing would answer a 415 of its own.
    /// </summary>
    public static Microsoft.AspNetCore.Builder.RouteHandlerBuilder Takes<T>(
        this Microsoft.AspNetCore.Builder.RouteHandlerBuilder route, string type, params string[] others) where T
            : notnull =>
        route.Accepts<T>(type, [.. others, OpenApi.Anything]);
}

using Cote.Tools;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Cote;

/// <summary>What a host adds to Cote when it builds a server of its own.</summary>
public sealed class CoteBuilder
{
    readonly HostCallbacks _callbacks = new();

    internal CoteBuilder(IServiceCollection services)
    {
        Services = services;
        services.Replace(ServiceDescriptor.Singleton(_callbacks));
    }

    internal List<Action<IEndpointRouteBuilder>> Routes { get; } = [];

    /// <summary>The services of the host's own handlers. <see cref="ICoteChats"/> is among them.</summary>
    public IServiceCollection Services { get; }

    /// <summary>Adds a provider of models: any <c>IChatClient</c>.</summary>
    public CoteBuilder AddProvider(Provider provider)
    {
        Services.AddSingleton(provider);
        return this;
    }

    /// <summary>
    /// Adds a function that models may call. Its name has 1 to 64 letters, digits, <c>_</c> and <c>-</c>; its
    /// parameters and description are what models are told.
    /// </summary>
    /// <param name="function">
    /// Such as <c>AIFunctionFactory.Create(…)</c>. Services are given to it as <c>AIFunctionArguments.Services</c>, who
    /// calls it as <see cref="ToolCallContext"/>.
    /// </param>
    /// <param name="settings">What Cote cannot know of it by itself; null: it may change things, and nobody is
    /// asked.</param>
    public CoteBuilder AddTool(AIFunction function, ToolSettings? settings = null)
    {
        ArgumentNullException.ThrowIfNull(function);
        Services.AddSingleton<ServerTool>(x => new FunctionTool(function, settings ?? new(), x));
        return this;
    }

    /// <summary>
    /// Adds routes. A handler that takes a <see cref="CurrentUser"/> needs <c>RequireAuthorization()</c>; what a
    /// handler returns is serialised as Cote's own answers are, in snake_case.
    /// </summary>
    public CoteBuilder Map(Action<IEndpointRouteBuilder> routes)
    {
        Routes.Add(routes);
        return this;
    }

    /// <summary>Keeps the bytes of uploads in a storage of the host's own, instead of the configured one.</summary>
    public CoteBuilder UseBlobStorage(Func<IServiceProvider, BlobStorage> storage)
    {
        Services.AddSingleton(storage);
        return this;
    }

    /// <summary>
    /// Makes the mails: <c>UseMailTemplates(new() { PasswordReset = (to, code) => new("Subject", $"… {code}") })</c>.
    /// What is not given stays Cote's own.
    /// </summary>
    public CoteBuilder UseMailTemplates(MailTemplates templates)
    {
        ArgumentNullException.ThrowIfNull(templates);
        Services.AddSingleton(templates);
        return this;
    }

    /// <summary>
    /// Adds tables of the host's own to Cote's database: <c>AddTables("shop", x => x.Migration(…).Table(…))</c>.
    /// </summary>
    /// <param name="name">
    /// 1 to 20 letters and digits in lower case, a letter first. It never changes: the tables begin with it.
    /// </param>
    /// <param name="tables">Names the migrations and the tables.</param>
    public CoteBuilder AddTables(string name, Action<HostTables> tables)
    {
        var added = new HostTables(name);
        if (Services.Any(x => (x.ImplementationInstance as HostTables)?.Name == name))
            throw new ArgumentException($"The tables of {name} are added twice.", nameof(name));
        tables(added);
        Services.AddSingleton(added);
        return this;
    }

    /// <summary>
    /// Calls back after a user's message was stored: on the node that stored it, at most once, off the sender's path,
    /// for at most 30 seconds. A fault is logged.
    /// </summary>
    public CoteBuilder OnMessageSent(Func<MessageSent, CancellationToken, Task> callback)
    {
        _callbacks.MessageSent.Add(callback);
        return this;
    }

    /// <summary>Calls back after a reply has ended, under the same conditions.</summary>
    public CoteBuilder OnReplyEnded(Func<ReplyEnded, CancellationToken, Task> callback)
    {
        _callbacks.ReplyEnded.Add(callback);
        return this;
    }
}

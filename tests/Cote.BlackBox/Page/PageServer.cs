using Cote.BlackBox.Harness;
using Microsoft.Playwright;

namespace Cote.BlackBox.Page;

/// <summary>The tests that share a server and a browser, one after the other; each has people of its own.</summary>
[CollectionDefinition(nameof(PageServer))]
public sealed class PageServerTests : ICollectionFixture<PageServer>;

/// <summary>One server with a scripted model and the demo models, and one browser.</summary>
public sealed class PageServer(PublishedProgram program) : IAsyncLifetime
{
    readonly Chromium _chromium = new();
    int _people;

    public FakeModelServer Model { get; private set; } = null!;
    public Node Node { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Model = await FakeModelServer.Start();
        Node = await Node.With(program, Model).StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _chromium.DisposeAsync();
        await Node.DisposeAsync();
        await Model.DisposeAsync();
    }

    /// <summary>Somebody who has just made an account.</summary>
    public async Task<Visitor> RegisterAsync(string name, BrowserNewContextOptions? options = null) =>
        await (await VisitAsync(options: options)).RegisterAsync(NameOf(name));

    /// <summary>A name that nobody has yet.</summary>
    public string NameOf(string name) => $"{name}{Interlocked.Increment(ref _people)}";

    /// <summary>Somebody at the page, or at another address of this server.</summary>
    public Task<Visitor> VisitAsync(
        string path = "", BrowserNewContextOptions? options = null, Func<IPage, Task>? before = null) =>
        _chromium.VisitAsync(new(Node.Url, path), options, before);
}

/// <summary>Accounts that nobody registers.</summary>
static class Admins
{
    /// <summary>Makes an admin by the command line, with the password of all visitors.</summary>
    public static async Task<string> MakeAdminAsync(this Node node, string name)
    {
        await Shell.MustAsync("/bin/sh", "-c", "p=$1; shift; printf '%s\\n' \"$p\" | \"$@\"", "sh", Visitor.Password,
            node.Program, "create-user", name, name + "@example.com", "--admin",
            "--Cote:Data:Directory=" + Path.Combine(node.WorkingDirectory, "data"));
        return name;
    }
}

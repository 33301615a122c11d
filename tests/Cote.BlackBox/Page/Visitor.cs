using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Cote.BlackBox.Page;

/// <summary>A person at the page, who finds everything by its role and its label.</summary>
public sealed class Visitor : IAsyncDisposable
{
    /// <summary>The password of everybody here.</summary>
    public const string Password = "a parrot reads the tide table";

    readonly ConcurrentQueue<string> _asked = [];
    readonly ConcurrentQueue<string> _complaints = [];

    Visitor(IBrowserContext context, IPage page, Uri server) => (Context, Page, Server) = (context, page, server);

    public IBrowserContext Context { get; }
    public IPage Page { get; }
    public Uri Server { get; }

    /// <summary>The address of every request that the browser was asked for.</summary>
    public IReadOnlyList<string> Asked => [.. _asked];

    /// <summary>Errors of scripts, and reports of the content security policy.</summary>
    public IReadOnlyList<string> Complaints => [.. _complaints];

    public ILocator Message => Page.GetByLabel("Message", new() { Exact = true });
    public ILocator Replies => Page.GetByRole(AriaRole.Article, new() { Name = "Reply" });
    public ILocator Questions => Page.GetByRole(AriaRole.Article, new() { Name = "Question" });

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public static async Task<Visitor> ComeAsync(IBrowserContext context, Uri server)
    {
        context.SetDefaultTimeout((float)Patience.Deadline.TotalMilliseconds);
        var visitor = new Visitor(context, await context.NewPageAsync(), server);
        context.Request += (_, request) => visitor._asked.Enqueue(request.Url);
        visitor.Page.PageError += (_, error) => visitor._complaints.Enqueue(error);
        visitor.Page.Console += (_, line) =>
        {
            if (line.Text.Contains("Content Security Policy", StringComparison.Ordinal))
                visitor._complaints.Enqueue(line.Text);
        };
        await visitor.Page.GotoAsync(server.ToString());
        return visitor;
    }

    /// <summary>Makes an account and comes to an empty chat.</summary>
    public async Task<Visitor> RegisterAsync(string username)
    {
        await Page.GetByLabel("Username", new() { Exact = true }).FillAsync(username);
        await Page.GetByLabel("E-mail", new() { Exact = true }).FillAsync(username + "@example.com");
        await Page.GetByLabel("Password", new() { Exact = true }).FillAsync(Password);
        await Button("Register").ClickAsync();
        await Message.WaitForAsync();
        return this;
    }

    public async Task<Visitor> LogInAsync(string username)
    {
        await Page.GetByLabel("Username", new() { Exact = true }).FillAsync(username);
        await Page.GetByLabel("Password", new() { Exact = true }).FillAsync(Password);
        await Button("Log in").ClickAsync();
        await Message.WaitForAsync();
        return this;
    }

    /// <summary>Writes a message and presses Enter.</summary>
    public async Task SayAsync(string text)
    {
        await Message.FillAsync(text);
        await Message.PressAsync("Enter");
    }

    /// <summary>Waits until the page shows this many replies and none of them is still made.</summary>
    public async Task EndedAsync(int replies)
    {
        await Assertions.Expect(Replies).ToHaveCountAsync(replies, Slow);
        await Assertions.Expect(Button("Stop")).ToHaveCountAsync(0, new() { Timeout = Slow.Timeout });
    }

    /// <summary>Waits until an element says this.</summary>
    public static Task SaysAsync(ILocator element, string text) =>
        Assertions.Expect(element).ToContainTextAsync(text, new() { Timeout = Slow.Timeout });

    static LocatorAssertionsToHaveCountOptions Slow => new() { Timeout = (float)Patience.Deadline.TotalMilliseconds };

    public async ValueTask DisposeAsync() => await Context.DisposeAsync();
}

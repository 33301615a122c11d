using System.Collections.Concurrent;
using System.Text.RegularExpressions;
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

    /// <summary>The account that a test made for them, if it did.</summary>
    public string? Name { get; set; }

    /// <summary>The address of every request that the browser was asked for.</summary>
    public IReadOnlyList<string> Asked => [.. _asked];

    /// <summary>Errors of scripts, and reports of the content security policy.</summary>
    public IReadOnlyList<string> Complaints => [.. _complaints];

    public ILocator Message => Page.GetByLabel("Message", new() { Exact = true });
    public ILocator Replies => Page.GetByRole(AriaRole.Article, new() { Name = "Reply" });
    public ILocator Questions => Page.GetByRole(AriaRole.Article, new() { Name = "Question" });

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    /// <summary>The list of chats at the side.</summary>
    public ILocator Chats => Page.GetByRole(AriaRole.Navigation, new() { Name = "Chats", Exact = true });

    /// <summary>The window in front of the page.</summary>
    public ILocator Dialog => Page.GetByRole(AriaRole.Dialog);

    /// <summary>What a menu that is open offers; one of a choice, such as a model, among it.</summary>
    public ILocator Item(string name) => Page.GetByRole(AriaRole.Menu)
        .Locator("[role=menuitem], [role=menuitemradio]").Filter(new() { HasText = name });

    /// <param name="context">Theirs alone.</param>
    /// <param name="server">The address that they come to.</param>
    /// <param name="before">What is done with the empty page.</param>
    public static async Task<Visitor> ComeAsync(
        IBrowserContext context, Uri server, Func<IPage, Task>? before = null)
    {
        context.SetDefaultTimeout((float)Patience.Deadline.TotalMilliseconds);
        Assertions.SetDefaultExpectTimeout((float)Patience.Deadline.TotalMilliseconds);
        var visitor = new Visitor(context, await context.NewPageAsync(), server);
        context.Request += (_, request) => visitor._asked.Enqueue(request.Url);
        visitor.Page.PageError += (_, error) => visitor._complaints.Enqueue(error);
        visitor.Page.Console += (_, line) =>
        {
            if (line.Text.Contains("Content Security Policy", StringComparison.Ordinal))
                visitor._complaints.Enqueue(line.Text);
        };
        if (before is not null)
            await before(visitor.Page);
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

    /// <summary>Goes to a place of the page, such as <c>settings/usage</c>.</summary>
    public Task GoAsync(string place) => Page.EvaluateAsync("place => { location.hash = '/' + place }", place);

    /// <summary>Begins a chat with a question to a model, and waits until it is answered.</summary>
    public async Task AskAsync(string question, string? model = null)
    {
        await Button("New chat").ClickAsync();
        await Assertions.Expect(Questions).ToHaveCountAsync(0);
        if (model is not null)
            await ChooseAsync(model);
        await SayAsync(question);
        await EndedAsync(1);
    }

    /// <summary>Takes a model for the chat.</summary>
    public async Task ChooseAsync(string model)
    {
        await Page.GetByRole(AriaRole.Button, new() { Name = "Model: " }).ClickAsync();
        await Item(model).ClickAsync();
    }

    /// <summary>Opens the menu of a chat in the list and chooses from it.</summary>
    public async Task ChooseAsync(string chat, string action)
    {
        await Page.GetByRole(AriaRole.Listitem).Filter(new() { HasText = chat }).HoverAsync();
        await Button($"Options of {chat}").ClickAsync();
        await Item(action).ClickAsync();
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

    /// <summary>Waits until an element shows what matches this.</summary>
    public static Task SaysAsync(ILocator element, Regex text) =>
        Assertions.Expect(element).ToContainTextAsync(text, new() { Timeout = Slow.Timeout });

    /// <summary>Waits until there are this many of an element.</summary>
    public static Task CountsAsync(ILocator element, int count) =>
        Assertions.Expect(element).ToHaveCountAsync(count, Slow);

    static LocatorAssertionsToHaveCountOptions Slow => new() { Timeout = (float)Patience.Deadline.TotalMilliseconds };

    public async ValueTask DisposeAsync() => await Context.DisposeAsync();
}

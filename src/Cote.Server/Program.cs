using Cote;
using Cote.Primitives;

try
{
    if (await CoteCommands.RunAsync(args, Console.In, Console.Out, Console.Error) is { } exitCode)
        return exitCode;
    await CoteHost.Create(args).RunAsync();
    return 0;
}
catch (StartupException error)
{
    Console.Error.WriteLine($"Cote cannot start: {error.Message}");
    return 1;
}

using Cote;
using Cote.Primitives;

try
{
    await CoteHost.Create(args).RunAsync();
    return 0;
}
catch (StartupException error)
{
    Console.Error.WriteLine($"Cote cannot start: {error.Message}");
    return 1;
}
